import {
  after,
  bandwidth,
  converged,
  create,
  cut,
  heal,
  KiB,
  latency,
  mirror,
  ms,
  scenario,
  slicer,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

export default scenario({
  name: "synchronous mirror over a link of 1 MB/s with 30 ms and small slices, cut once",
  requirements: ["BR-4", "LS-5"],
  topology: mirror({ sizeBytes: KiB(512), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    latency("link", "upstream", { latencyMs: 30, jitterMs: 10 }),
    bandwidth("link", "upstream", 1000),
    slicer("link", "downstream", { averageBytes: 16, variationBytes: 8, delayUs: 100 }),
    together(
      workload("pvol", { writes: 40, flushEvery: 10 }),
      when(written("pvol", 20), cut("link"), after(ms(60), heal("link"))),
    ),
  ],
  expect: [converged()],
});
