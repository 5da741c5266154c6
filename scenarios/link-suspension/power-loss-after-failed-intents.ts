import {
  after,
  converged,
  crash,
  create,
  eio,
  heal,
  MiB,
  mirror,
  ms,
  restart,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// Data whose intent was never recorded would be lost with the power on one side only, and nobody would know where.
export default scenario({
  name: "no intent can be recorded any more, then the primary loses power",
  requirements: ["BR-1", "BR-3", "LS-3"],
  topology: mirror({ sizeBytes: MiB(2), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    // Until the marks of the initial copy are swept.
    after(
      ms(300),
      together(
        workload("pvol", { writes: 120, concurrency: 8, bytesMax: 8192, thinkUsMax: 300 }),
        when(written("pvol", 20), eio("a/meta", ["write"]), after(ms(4), crash("a", "power"))),
        when(written("pvol", 20), after(ms(30), heal("a/meta"), restart("a"))),
      ),
    ),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged()],
});
