import type { AdminCommand } from "../target/target.ts";
import { createChecker } from "./checker.ts";
import { Stage, type StagePair } from "./stage.fixture.ts";

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
