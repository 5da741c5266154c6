import {
  after,
  bandwidth,
  converged,
  create,
  expectRefused,
  fill,
  KiB,
  MiB,
  mirror,
  ms,
  read,
  resync,
  scenario,
  split,
  status,
  step,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// The operator keeps the writes of the secondary: those of the primary since the split are undone.
export default scenario({
  name: "writes on both sides while split, then resync backwards",
  requirements: ["LS-3", "LS-5", "LS-6"],
  topology: mirror({ sizeBytes: MiB(2), mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirror")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    split("pair", { secondary: "read-write" }),
    together(
      workload("pvol", { writes: 20, partialTrack: 0.5, trim: 0.1, bytesMax: KiB(16) }),
      workload("svol", { writes: 20, partialTrack: 0.5, trim: 0.1, bytesMax: KiB(16) }),
    ),
    // Slow enough for a write to come before it is through.
    bandwidth("link", "downstream", 1500),
    // Hosts of the primary go on until they are kept out, and go on again on what the secondary held.
    together(
      workload("pvol", { writes: 60 }),
      after(ms(3), resync("pair", { direction: "reverse" })),
      // From the request on: what came later would be missing in the union of the bitmaps.
      when(
        step("a", "resync.requested"),
        expectRefused(write("pvol", { offsetBytes: 0, lengthBytes: 512 }), "REFUSED"),
      ),
    ),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 30 }),
    wait(status("pair", "DUPLEX")),
    read("pvol", 0, MiB(1)),
    read("svol", 0, MiB(1)),
  ],
  expect: [converged()],
});
