import {
  after,
  bandwidth,
  converged,
  create,
  cut,
  heal,
  latency,
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

// The host does not wait for a link that is slower than it; the window is bounded, and order is kept.
export default scenario({
  name: "asynchronous mirror over a slow, long link, cut while much is under way",
  requirements: ["BR-4", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(2), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    bandwidth("link", "upstream", 2000),
    latency("link", "downstream", { latencyMs: 20, jitterMs: 5 }),
    together(
      workload("pvol", { writes: 200, flushEvery: 40 }),
      when(written("pvol", 150), cut("link"), after(ms(30), heal("link"))),
    ),
  ],
  expect: [converged()],
});
