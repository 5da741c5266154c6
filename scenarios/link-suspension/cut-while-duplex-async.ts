import {
  after,
  converged,
  create,
  cut,
  heal,
  MiB,
  mirror,
  ms,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// Whatever had not arrived is pending; what had arrived is a prefix of what the host wrote.
export default scenario({
  name: "link cut under asynchronous writes, three times",
  requirements: ["LS-1", "LS-3", "LS-5", "BR-4"],
  topology: mirror({ sizeBytes: MiB(1), mode: "async", latencyUs: 3000 }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...[20, 35, 50].flatMap((nth) => [
      together(
        workload("pvol", { writes: 80, thinkUsMax: 300, flushEvery: 16 }),
        when(written("pvol", nth), cut("link"), after(ms(40), heal("link"))),
      ),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
