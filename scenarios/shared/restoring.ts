import {
  after,
  backup,
  bandwidth,
  cascade,
  converged,
  crash,
  create,
  cut,
  dismount,
  expectRefused,
  file,
  filesHold,
  heal,
  makeFiles,
  mark,
  mount,
  ms,
  type NamesOf,
  oracle,
  type Plan,
  removeFiles,
  restart,
  restoreFiles,
  resyncBytes,
  sameAs,
  scenario,
  type Step,
  status,
  step,
  together,
  unchanged,
  wait,
  when,
  writeFiles,
} from "../../harness/plan/index.ts";

const INBOX = "/mail/inbox";
const LAST_YEAR = "/accounts/2025.dat";
const THIS_YEAR = "/accounts/2026.dat";
const LETTER = "/mail/drafts/letter";

const inTheBackup = {
  inbox: file(INBOX, "at the backup", 90_000),
  lastYear: file(LAST_YEAR, "at the backup", 40_000),
  thisYear: file(THIS_YEAR, "at the backup", 150_000),
};
const ofToday = { inbox: file(INBOX, "of today", 110_000), letter: file(LETTER, "of today", 9000) };

type Cascade = ReturnType<typeof cascade<"gen1">>;

/** What differs between the stories of a restore. */
export interface Restoring {
  readonly name: string;
  readonly requirements: readonly string[];
  readonly mode: "sync" | "async";
  /**
   * `named`: the two files that were spoilt and removed since; `whole`: each file that the volume has, and no
   * other; `all`: the whole volume, with files that the backup does not have.
   */
  readonly what: "named" | "whole" | "all";
  /** Done before it. */
  readonly before?: readonly Step<NamesOf<Cascade>>[];
  /** Goes on beside the restoring program. */
  readonly meanwhile: readonly Step<NamesOf<Cascade>>[];
}

/**
 * A file system is backed up, used, damaged, and restored: the restoring program gets the damaged files, or all,
 * out of the backup. The file system is sound at the end, at both systems, and the backup as it was.
 */
export function restoring({ name, requirements, mode, what, before = [], meanwhile }: Restoring): Plan {
  const backedUp = Object.values(inTheBackup);
  const whole = what !== "named";
  const newer = what === "whole" ? [ofToday.inbox] : Object.values(ofToday);
  const damaged = [THIS_YEAR, LAST_YEAR];
  const names = what === "whole" ? backedUp.map(({ path }) => path) : damaged;
  const expected = whole ? backedUp : [...Object.values(ofToday), inTheBackup.lastYear, inTheBackup.thisYear];
  return scenario({
    name,
    requirements,
    topology: cascade({ mode }),
    steps: [
      makeFiles("pvol", backedUp),
      create("pair"),
      create("gen1"),
      wait(status("pair", "DUPLEX")),
      wait(status("gen1", "DUPLEX")),
      backup({ mirrors: ["gen1"] }),
      wait(status("gen1", "SPLIT")),
      mark("backup", ["gen1"]),
      mount("pvol"),
      writeFiles("pvol", [...newer, file(THIS_YEAR, "spoilt", 170_000)]),
      removeFiles("pvol", [LAST_YEAR]),
      expectRefused(restoreFiles({ from: "gen1", names }), "VOLUME_MOUNTED"),
      dismount("pvol"),
      expectRefused(restoreFiles({ from: "gen1", names: [...names, LETTER] }), "FILE_NOT_IN_BACKUP"),
      ...before,
      together(restoreFiles({ from: "gen1", names: what === "all" ? "all" : names }), ...meanwhile),
      mount("pvol"),
    ],
    expect: [
      converged(),
      filesHold("pvol", expected),
      filesHold("spvol", expected),
      // Every byte of the file system came from the backup, not the files' alone.
      ...(whole ? [sameAs("pvol", "gen1")] : []),
      unchanged("gen1", "backup"),
      resyncBytes("link"),
      oracle("e2fsck-clean", { volume: "pvol", at: "end" }),
      oracle("e2fsck-clean", { volume: "spvol", at: "end" }),
    ],
  });
}

/** In real time all of what was restored is across at once, unless the way back is slow before it begins. */
export const slowWayBack: Step<NamesOf<Cascade>> = bandwidth("link", "downstream", 200);

/**
 * Once the restoring program is at `begun` the link is lost, and both systems lose power, while what was restored crosses
 * it. Who waits for a loss does so before the one before is over: what is left may be sent soon after.
 */
export function lossesOnTheWay(begun: string): Step<NamesOf<Cascade>> {
  const copied = step("b", "resync.copied", 3);
  const lastLoss = when(copied, crash("b", "power"), after(ms(40), restart("b")));
  const secondLoss = when(copied, crash("a", "power"), together(after(ms(40), restart("a")), lastLoss));
  // To heal the link is to heal all that is the matter with it.
  const healed = after(ms(40), heal("link"), slowWayBack);
  return when(step("b", begun), when(copied, cut("link"), together(healed, secondLoss)));
}
