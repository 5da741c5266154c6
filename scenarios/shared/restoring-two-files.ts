import {
  backup,
  cascade,
  converged,
  create,
  file,
  filesHold,
  makeFiles,
  oracle,
  type Plan,
  restoreFiles,
  scenario,
  status,
  wait,
  writeFiles,
} from "../../harness/plan/index.ts";

const first = file("/a", "at the backup", 2000);
const second = file("/b", "at the backup", 3000);
const secondOfToday = file("/b", "of today", 1500);

/** Small enough for a crash at every write and every frame: two files are changed, and one of them or all restored. */
export function restoringTwoFiles(name: string, requirement: "BR-9" | "BR-10"): Plan {
  const names = requirement === "BR-9" ? [first.path] : "all";
  const expected = [first, names === "all" ? second : secondOfToday];
  return scenario({
    name,
    requirements: [requirement],
    topology: cascade({ mode: "sync" }),
    steps: [
      makeFiles("pvol", [first, second]),
      create("pair"),
      create("gen1"),
      wait(status("pair", "DUPLEX")),
      wait(status("gen1", "DUPLEX")),
      backup({ mirrors: ["gen1"] }),
      wait(status("gen1", "SPLIT")),
      writeFiles("pvol", [file(first.path, "spoilt", 2500), secondOfToday]),
      restoreFiles({ from: "gen1", names }),
    ],
    expect: [
      converged(),
      filesHold("pvol", expected),
      filesHold("spvol", expected),
      oracle("e2fsck-clean", { volume: "pvol", at: "end" }),
    ],
  });
}
