import {
  after,
  converged,
  create,
  MiB,
  mirror,
  pause,
  resume,
  scenario,
  seconds,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// The kernel of the secondary goes on taking bytes: only silence tells.
export default scenario({
  name: "program of the secondary stopped for six seconds, longer than the other end waits",
  requirements: ["LS-1", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 100, flushEvery: 20 }),
      when(written("pvol", 40), pause("b"), after(seconds(6), resume("b"))),
    ),
    workload("pvol", { writes: 40 }),
  ],
  expect: [converged()],
});
