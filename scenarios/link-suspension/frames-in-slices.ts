import {
  converged,
  create,
  cut,
  heal,
  KiB,
  mirror,
  progress,
  scenario,
  slicer,
  status,
  wait,
  when,
  workload,
} from "../../harness/plan/index.ts";

// Chunks are no messages: a header arrives in pieces, and one chunk holds the end of a frame and the next one's head.
export default scenario({
  name: "both directions in slices of a few bytes, cut within a frame of the resync",
  requirements: ["LS-5", "SR-6", "HX-6"],
  topology: mirror({ sizeBytes: KiB(512), mode: "sync" }),
  steps: [
    slicer("link", "upstream", { averageBytes: 60, variationBytes: 59 }),
    slicer("link", "downstream", { averageBytes: 3, variationBytes: 2 }),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 20 }),
    cut("link"),
    workload("pvol", { writes: 30 }),
    heal("link"),
    slicer("link", "upstream", { averageBytes: 60, variationBytes: 59 }),
    when(progress("resync", "pair", 0.4), cut("link")),
    workload("pvol", { writes: 5 }),
    heal("link"),
  ],
  expect: [converged()],
});
