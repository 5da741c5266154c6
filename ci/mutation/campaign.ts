import type { Coverage } from "./coverage.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { type Judgement, MillProcess, startMill } from "./mill-process.ts";
import type { Mutant } from "./mutant.ts";
import { TestOrder } from "./test-order.ts";

/** What one that has a reason is given: enough to notice that the reason does not hold any more. */
const REASONED_MS = 2000;
/** A program that has tried so many mutants is replaced: what they left behind must not add up. */
const MUTANTS_PER_MILL = 250;

export interface CampaignParts {
  readonly sandbox: string;
  readonly testFiles: readonly string[];
  readonly coverage: Coverage;
  readonly ledger: Ledger;
  /** What tests a mutant is given before any is tried on all of them, by what they take on the source as it is. */
  readonly firstMs: number;
  /** Whether it is known why no test tells the mutant from the source: it is not tried for long. */
  readonly isReasoned: (mutant: Mutant) => boolean;
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

  /** First a little time for each, in which most are noticed; then all tests for those that are left without a reason. */
  async run(mutants: readonly Mutant[]): Promise<void> {
    const { ledger, isOver, isReasoned, onMutant } = this.#parts;
    for (const tried of ["first", "all"] as const) {
      for (const mutant of mutants) {
        const known = ledger.of(mutant);
        const isOpen = known?.fate === "survived" && known.tried === "first" && !isReasoned(mutant);
        if (tried === "first" ? known !== undefined : !isOpen) continue;
        if (isOver()) break;
        await this.#try(mutant, tried);
        onMutant(mutant);
      }
    }
    await this.#mill?.stop();
  }

  async #try(mutant: Mutant, tried: Entry["tried"]): Promise<void> {
    const { ledger, coverage, firstMs, isReasoned } = this.#parts;
    const all = this.#order.of(mutant);
    const tests = tried === "first" ? this.#order.first(all, isReasoned(mutant) ? REASONED_MS : firstMs) : all;
    const nothing = { killer: "", failure: "", ms: 0 };
    if (all.length === 0) {
      ledger.add(mutant, { fate: "uncovered", tried: "all", ...nothing });
      return;
    }
    const startMs = performance.now();
    const { killer, failure, isTimeout } =
      tests.length === 0 ? { failure: "", isTimeout: false } : await this.#judge(mutant, tests, tried);
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

  async #judge({ id }: Mutant, tests: readonly number[], tried: Entry["tried"]): Promise<Judgement> {
    const { sandbox, testFiles } = this.#parts;
    const msOf = (test: number): number => this.#order.msOf(test);
    // What others left behind, of memory that is used again for one, must not save it.
    if (tried === "all" || this.#atLoad.has(id)) {
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
