import type { AdminCommand } from "../target/target.ts";
import { createChecker } from "./checker.ts";
import { onePair, Stage, type StagePair, sectors } from "./stage.fixture.ts";

/** A volume with a journal; in no pair, unless one is given. */
export class JournalStage extends Stage {
  #lsn = 0;

  constructor(make = createChecker, pairs: readonly StagePair[] = []) {
    super(pairs, 32, ["a/pvol", "a/base"], { journals: [{ volume: "a/pvol", base: "a/base" }] }, make);
    this.journal("pvol");
  }

  journal(disk: string): void {
    const window = { oldestLsn: 0, newestLsn: this.#lsn, oldestTimeUs: 0, nowUs: 0 };
    this.journals.set("a/pvol", { volume: "pvol", disk, state: "logging", ...window });
  }

  /** Entries that were made since it was looked at last. */
  seeEntries(count: number): void {
    this.#lsn += count;
    this.journal("pvol");
    this.checker.observe();
  }

  /** A write with its entry. @returns the entry's number */
  log(sector: number, data: Uint8Array): number {
    const operation = this.issue("a/pvol", sector, data);
    this.#lsn++;
    this.journal("pvol");
    this.put("a/pvol", sector, data);
    this.checker.acknowledged(operation);
    return this.#lsn;
  }

  recover(to: { readonly lsn: number } | { readonly timeUs: number }, left: readonly number[] = [0, 1]): void {
    const command: AdminCommand = { kind: "recover", volume: "pvol", to, method: "apply" };
    const issued = this.checker.adminIssued("a", command);
    // A recovery is an entry of its own.
    this.#lsn++;
    this.journal("pvol");
    this.restoring("a/pvol", left);
    this.checker.adminDone(issued);
  }
}

/**
 * Sector 0 of a mirrored volume went from 1 to 2, and the volume back to before that, which is through; the secondary follows,
 * and has tracks `left` to bring.
 */
export function followingStage(left: readonly number[]): JournalStage {
  const stage = new JournalStage(undefined, onePair("async"));
  for (const track of [0, 1]) stage.pending.get("a pair")?.add(track);
  const lsn = stage.log(0, sectors(1));
  stage.put("b/svol", 0, sectors(1));
  stage.log(0, sectors(2));
  stage.put("b/svol", 0, sectors(2));
  stage.recover({ lsn }, [0]);
  stage.put("a/pvol", 0, sectors(1));
  stage.restoring("a/pvol", []);
  stage.restoring("b/svol", left);
  return stage;
}
