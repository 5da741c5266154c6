import {
  after,
  connected,
  converged,
  create,
  flush,
  KiB,
  mirror,
  ms,
  resync,
  scenario,
  split,
  status,
  wait,
  write,
} from "../../harness/plan/index.ts";

// Small enough for a crash at every write and every frame: a mirror is made, split, written on both sides, and resynced.
export default scenario({
  name: "smallest: both sides of a split mirror are written, and the secondary is made equal again",
  requirements: ["LS-3", "LS-5", "LS-6"],
  topology: mirror({ sizeBytes: KiB(64), mode: "sync" }),
  steps: [
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(16) }),
    create("pair"),
    write("pvol", { offsetBytes: KiB(12), lengthBytes: KiB(8) }),
    wait(status("pair", "DUPLEX")),
    // Long enough for what is marked as under way to be cleared.
    after(ms(120), write("pvol", { offsetBytes: KiB(24), lengthBytes: KiB(2) })),
    flush("pvol"),
    write("pvol", { offsetBytes: KiB(40), lengthBytes: KiB(9) }),
    wait(connected("pair")),
    split("pair", { secondary: "read-write" }),
    write("pvol", { offsetBytes: KiB(3), lengthBytes: KiB(2) }),
    write("svol", { offsetBytes: KiB(25), lengthBytes: KiB(10) }),
    flush("svol"),
    resync("pair", { direction: "forward" }),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: KiB(32), lengthBytes: KiB(4) }),
  ],
  expect: [converged()],
});
