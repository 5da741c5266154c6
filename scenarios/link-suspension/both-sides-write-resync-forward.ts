import {
  converged,
  create,
  fill,
  MiB,
  mirror,
  read,
  resync,
  scenario,
  split,
  status,
  together,
  wait,
  workload,
  write,
} from "../../harness/plan/index.ts";

// The default direction: the secondary comes to equal the primary, and nothing of its own writes survives.
export default scenario({
  name: "writes on both sides while split, then resync in the default direction",
  requirements: ["LS-3", "LS-5", "LS-6"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirror")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    split("pair", { secondary: "read-write" }),
    together(
      workload("pvol", { writes: 60, partialTrack: 0.5, trim: 0.1 }),
      workload("svol", { writes: 60, partialTrack: 0.5, trim: 0.1 }),
    ),
    resync("pair"),
    workload("pvol", { writes: 30 }),
    wait(status("pair", "DUPLEX")),
    read("pvol", 0, MiB(1)),
    read("svol", 0, MiB(1)),
  ],
  expect: [converged()],
});
