import {
  converged,
  create,
  deletePair,
  flush,
  KiB,
  mirror,
  scenario,
  split,
  status,
  wait,
  write,
} from "../../harness/plan/index.ts";

// Small enough for a crash at every write and every frame: a mirror is split, deleted, and made again after writes on both sides.
export default scenario({
  name: "smallest: a mirror is deleted, and made again",
  requirements: ["BR-1", "BR-2"],
  topology: mirror({ sizeBytes: KiB(64), mode: "sync" }),
  steps: [
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(16) }),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: KiB(12), lengthBytes: KiB(8) }),
    split("pair", { secondary: "read-write" }),
    write("svol", { offsetBytes: KiB(25), lengthBytes: KiB(10) }),
    deletePair("pair"),
    write("pvol", { offsetBytes: KiB(3), lengthBytes: KiB(2) }),
    write("svol", { offsetBytes: KiB(40), lengthBytes: KiB(9) }),
    flush("svol"),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: KiB(32), lengthBytes: KiB(4) }),
  ],
  expect: [converged()],
});
