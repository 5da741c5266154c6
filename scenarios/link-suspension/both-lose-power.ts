import {
  after,
  converged,
  crash,
  create,
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

// Neither side remembers; what a flush covered is on both, and the primary's intents name the rest.
export default scenario({
  name: "both systems lose power under asynchronous writes; the secondary is back first",
  requirements: ["BR-1", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 120, flushEvery: 12, thinkUsMax: 300 }),
      when(written("pvol", 60), crash("a", "power"), crash("b", "power"), after(ms(10), restart("b")), restart("a")),
    ),
  ],
  expect: [converged()],
});
