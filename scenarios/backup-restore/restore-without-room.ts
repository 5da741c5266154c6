import {
  after,
  backup,
  bandwidth,
  cascade,
  converged,
  crash,
  create,
  expectRefused,
  file,
  filesHold,
  makeFiles,
  ms,
  oracle,
  progress,
  restart,
  restoreFiles,
  scenario,
  status,
  together,
  wait,
  when,
  writeFiles,
} from "../../harness/plan/index.ts";

const old = file("/archive.tar", "at the backup", 1_400_000);
const small = file("/notes", "at the backup", 6000);
const now = [file("/archive.tar", "of today", 5000), file("/film.mp4", "of today", 2_000_000), small];

// Half of the archive fits. The mirror is brought together again as the primary has it, through a power loss.
export default scenario({
  name: "a file of the backup for which the volume has no room: the restore is refused, and nothing is restored",
  requirements: ["BR-9"],
  topology: cascade({ mode: "sync" }),
  steps: [
    makeFiles("pvol", [old, small]),
    create("pair"),
    create("gen1"),
    wait(status("pair", "DUPLEX")),
    wait(status("gen1", "DUPLEX")),
    backup({ mirrors: ["gen1"] }),
    wait(status("gen1", "SPLIT")),
    writeFiles("pvol", now),
    // Slow before the restore begins: the resync that undoes it must not be over before a fault in real time strikes.
    bandwidth("link", "upstream", 100),
    together(
      expectRefused(restoreFiles({ from: "gen1", names: ["/notes", "/archive.tar"] }), "FILES"),
      when(progress("resync", "pair", 0.4), crash("b", "power"), after(ms(40), restart("b"))),
    ),
  ],
  expect: [
    converged(),
    filesHold("pvol", now),
    filesHold("spvol", now),
    filesHold("gen1", [old, small]),
    oracle("e2fsck-clean", { volume: "spvol", at: "end" }),
  ],
});
