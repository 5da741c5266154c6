import type { Coverage } from "./coverage.ts";
import type { Ledger } from "./ledger.ts";
import { type Judgement, MillProcess, startMill } from "./mill-process.ts";
import type { Mutant } from "./mutant.ts";
import { TestOrder } from "./test-order.ts";

/** A program that has tried so many mutants is replaced: what they left behind must not add up. */
const MUTANTS_PER_MILL = 250;

export interface CampaignParts {
  readonly sandbox: string;
  readonly testFiles: readonly string[];
  readonly coverage: Coverage;
  readonly ledger: Ledger;
  /** True if it is to end now; what is under way is finished. */
  readonly isOver: () => boolean;
  readonly onMutant: (mutant: Mutant) => void;
}

/** Tries mutants, one after the other, and enters each in the ledger. */
export class Campaign {
  readonly #parts: CampaignParts;
  readonly #order: TestOrder;
  readonly #atLoad: ReadonlySet<string>;
  #mill: MillProcess | undefined;
  #tried = 0;

  constructor(parts: CampaignParts) {
    this.#parts = parts;
    this.#order = new TestOrder(parts.coverage);
    this.#atLoad = new Set(parts.coverage.atLoad);
  }

  /** First the tests that are fast, on all mutants; then the slow ones on those that are left. */
  async run(mutants: readonly Mutant[]): Promise<void> {
    const { ledger, isOver, onMutant } = this.#parts;
    for (const slow of [false, true]) {
      for (const mutant of mutants) {
        const known = ledger.of(mutant);
        const isLeft = slow ? known?.fate === "survived" && known.tried === "fast" : known === undefined;
        if (!isLeft) continue;
        if (isOver()) break;
        await this.#try(mutant, slow);
        onMutant(mutant);
      }
    }
    await this.#mill?.stop();
  }

  async #try(mutant: Mutant, slow: boolean): Promise<void> {
    const { ledger, coverage } = this.#parts;
    const tests = this.#order.of(mutant, slow);
    const tried = slow || this.#order.of(mutant, true).length === 0 ? "all" : "fast";
    const nothing = { killer: "", failure: "", ms: 0 };
    if (tests.length === 0) {
      const fate = slow || tried === "fast" ? "survived" : "uncovered";
      ledger.add(mutant, { fate, tried, ...nothing });
      return;
    }
    const startMs = performance.now();
    const { killer, failure, isTimeout } = await this.#judge(mutant, tests);
    const ms = Math.round(performance.now() - startMs);
    if (killer === undefined) {
      ledger.add(mutant, { fate: "survived", tried, ...nothing, ms });
      return;
    }
    this.#order.killed(mutant.file, killer);
    const test = coverage.tests[killer];
    const fate = isTimeout ? "timeout" : "killed";
    ledger.add(mutant, { fate, tried, killer: test === undefined ? "" : `${test.file} ${test.name}`, failure, ms });
  }

  async #judge({ id }: Mutant, tests: readonly number[]): Promise<Judgement> {
    const { sandbox, testFiles } = this.#parts;
    const msOf = (test: number): number => this.#order.msOf(test);
    if (this.#atLoad.has(id)) {
      const own = new MillProcess(sandbox);
      const loaded = await own.load(testFiles, id);
      const { kind } = loaded;
      const judgement =
        kind === "not-loaded"
          ? { killer: tests[0], failure: loaded.failure, isTimeout: false }
          : await own.run(id, tests, msOf);
      await own.stop();
      return judgement;
    }
    if (this.#mill?.isAlive !== true || this.#tried >= MUTANTS_PER_MILL) {
      await this.#mill?.stop();
      this.#mill = (await startMill(sandbox, testFiles)).mill;
      this.#tried = 0;
    }
    this.#tried++;
    return this.#mill.run(id, tests, msOf);
  }
}
