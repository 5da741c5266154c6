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

// It wakes up believing that it is DUPLEX, and must not acknowledge on the strength of that.
export default scenario({
  name: "program of the primary stopped for six seconds, longer than the other end waits",
  requirements: ["LS-1", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 100, flushEvery: 20 }),
      when(written("pvol", 40), pause("a"), after(seconds(6), resume("a"))),
    ),
    workload("pvol", { writes: 40 }),
  ],
  expect: [converged()],
});
