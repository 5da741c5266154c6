import path from "node:path";
import type { CoveredTest, Coverage } from "./coverage.ts";
import type { Mutant } from "./mutant.ts";

/** Whole systems that take longer than this on the source as it is are not tried at all. */
const SYSTEM_MS_MAX = 5000;
/** As if a test that never killed anything had done so once in so many tries. */
const PRIOR = 0.05;

/**
 * The tests that meet a mutant, in an order in which few of them are needed: those that killed others of the same file and
 * take little time first, those beside the file before others, whole systems last.
 */
export class TestOrder {
  readonly #coverage: Coverage;
  readonly #testsOf = new Map<string, number[]>();
  readonly #kills = new Map<string, number>();

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
    for (const [index, test] of coverage.tests.entries()) {
      if (!isOfUse(test)) continue;
      for (const id of test.reached) {
        const tests = this.#testsOf.get(id);
        if (tests === undefined) this.#testsOf.set(id, [index]);
        else tests.push(index);
      }
    }
  }

  of({ id, file }: Mutant): readonly number[] {
    const isAtLoad = this.#coverage.atLoad.includes(id);
    const all = isAtLoad ? this.#passing() : (this.#testsOf.get(id) ?? []);
    const worth = new Map(all.map((test) => [test, this.#worth(file, test)]));
    return [...all].sort((a, b) => (worth.get(b) ?? 0) - (worth.get(a) ?? 0) || a - b);
  }

  /** @returns as many of them, from the first, as are to be tried before any mutant is tried for long */
  first(tests: readonly number[], firstMs: number): readonly number[] {
    let ms = 0;
    return tests.filter((test) => (ms += this.msOf(test)) <= firstMs);
  }

  msOf(test: number): number {
    return this.#coverage.tests[test]?.ms ?? 0;
  }

  /** The test killed a mutant of the file. */
  killed(file: string, test: number): void {
    const key = `${file} ${test}`;
    this.#kills.set(key, (this.#kills.get(key) ?? 0) + 1);
  }

  #passing(): number[] {
    return this.#coverage.tests.flatMap((test, index) => (isOfUse(test) ? [index] : []));
  }

  #worth(file: string, test: number): number {
    const of = this.#coverage.tests[test]?.file ?? "";
    const near = of.startsWith(file.replace(/\.ts$/, ".")) ? 100 : path.dirname(of) === path.dirname(file) ? 3 : 1;
    const line = of.startsWith("engine/") ? 1 : 0.2;
    return ((this.#kills.get(`${file} ${test}`) ?? 0) + PRIOR * near * line) / (this.msOf(test) + 3);
  }
}

/** A test that fails on the source as it is judges nothing; whole systems are not tried for long. */
function isOfUse({ failure, file, ms }: CoveredTest): boolean {
  return failure === "" && (file.startsWith("engine/") || ms <= SYSTEM_MS_MAX);
}
