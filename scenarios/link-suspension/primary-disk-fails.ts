import {
  converged,
  create,
  eio,
  enospc,
  MiB,
  mirror,
  scenario,
  sequence,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// A write that failed here may have gone there: nobody knows who has what until the track is copied.
export default scenario({
  name: "disk of the primary: EIO on writes, reads and flushes, no space",
  requirements: ["LS-3", "LS-5", "BR-3"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 120, flushEvery: 6, reads: 0.5 }),
      sequence(
        when(written("pvol", 10), eio("pvol", ["write"], { count: 2 })),
        when(written("pvol", 15), eio("pvol", ["read", "flush"], { count: 2 })),
        when(written("pvol", 15), enospc("pvol", { count: 2 })),
      ),
    ),
  ],
  expect: [converged()],
});
