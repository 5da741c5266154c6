import {
  backup,
  cascade,
  converged,
  create,
  file,
  filesHold,
  makeFiles,
  oracle,
  restoreFiles,
  scenario,
  status,
  wait,
  writeFiles,
} from "../../harness/plan/index.ts";

const restored = file("/a", "at the backup", 2000);
const other = file("/b", "of today", 1500);

// Small enough for a crash at every write and every frame: a file of a backup is restored (Fig. 5).
export default scenario({
  name: "smallest: one file of a backup is restored, the other stays as it is",
  requirements: ["BR-9"],
  topology: cascade({ mode: "sync" }),
  steps: [
    makeFiles("pvol", [restored, file("/b", "at the backup", 3000)]),
    create("pair"),
    create("gen1"),
    wait(status("pair", "DUPLEX")),
    wait(status("gen1", "DUPLEX")),
    backup({ mirrors: ["gen1"] }),
    wait(status("gen1", "SPLIT")),
    writeFiles("pvol", [file("/a", "spoilt", 2500), other]),
    restoreFiles({ from: "gen1", names: ["/a"] }),
  ],
  expect: [
    converged(),
    filesHold("pvol", [restored, other]),
    filesHold("spvol", [restored, other]),
    oracle("e2fsck-clean", { volume: "pvol", at: "end" }),
  ],
});
