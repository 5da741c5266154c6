import {
  backup,
  create,
  deletePair,
  KiB,
  localMirror,
  sameAs,
  scenario,
  status,
  wait,
  write,
  fill,
} from "../../harness/plan/index.ts";

// The harness counted how often a mirror had been split, forgot that with the deleted one, and took the backup for one
// that had split the other mirror only.
export default scenario({
  name: "of two mirrors that one backup split, one is deleted",
  requirements: ["BR-7", "BR-8"],
  topology: localMirror({ sizeBytes: KiB(64), generations: ["gen1", "gen2"] }),
  steps: [
    write("pvol", fill("the moment of the backup")),
    create("gen1"),
    create("gen2"),
    wait(status("gen1", "DUPLEX")),
    wait(status("gen2", "DUPLEX")),
    backup({ mirrors: ["gen1", "gen2"] }),
    deletePair("gen2"),
    write("pvol", { offsetBytes: KiB(8), lengthBytes: KiB(8) }),
  ],
  expect: [sameAs("gen1", "gen2")],
});
