import { VERDICTS, type Verdict } from "../../harness/history/run-record.ts";
import type { PageData, RunDetail } from "./page-data.ts";
import { type Columns, type PageScenario, verdictAt } from "./run-columns.ts";

/** One run, as a page shows it. */
export interface RunRow extends Partial<RunDetail> {
  /** Which of them it is. */
  readonly index: number;
  readonly id: string;
  readonly scenario: PageScenario;
  readonly seed: number;
  readonly variant: number;
  readonly verdict: Verdict;
  readonly events: number;
  readonly virtualMs: number;
  /** 16 hexadecimal digits; "" if nothing ran. */
  readonly historyHash: string;
}

/** Of a kind of faults. */
export interface FaultCell {
  injected: number;
  effective: number;
}

/** All runs of a page. Rows are made when they are looked at. */
export class RunTable {
  readonly count: number;
  readonly scenarios: readonly PageScenario[];
  readonly kinds: readonly string[];
  readonly columns: Columns;
  readonly #details: PageData["details"];
  #all: Uint32Array | undefined;
  /** Of each run: where its faults begin. */
  readonly #firstFault: Uint32Array;
  /** By scenario: what a filter looks for words in. */
  readonly #texts: readonly string[];
  /** By scenario: how many runs it has. */
  readonly #sizes: Uint32Array;

  constructor({ runCount, scenarios, faultKinds, details }: PageData, columns: Columns) {
    this.count = runCount;
    this.scenarios = scenarios;
    this.kinds = faultKinds;
    this.columns = columns;
    this.#details = details;
    this.#firstFault = new Uint32Array(runCount + 1);
    this.#sizes = new Uint32Array(scenarios.length);
    for (let run = 0; run < runCount; run++) {
      this.#firstFault[run + 1] = (this.#firstFault[run] ?? 0) + (columns.faultCount[run] ?? 0);
      const scenario = columns.scenario[run] ?? 0;
      this.#sizes[scenario] = (this.#sizes[scenario] ?? 0) + 1;
    }
    this.#texts = scenarios.map(({ id, name, requirements }) =>
      `${id} ${name} ${requirements.join(" ")}`.toLowerCase(),
    );
  }

  row(index: number): RunRow {
    const { columns } = this;
    const scenario = this.scenarios[columns.scenario[index] ?? 0];
    if (scenario === undefined) throw new Error(`run ${index} is of no scenario`);
    const [seed, variant] = [columns.seed[index] ?? 0, columns.variant[index] ?? 0];
    const hash = [columns.hashHigh[index] ?? 0, columns.hashLow[index] ?? 0];
    return {
      index,
      id: scenario.isRandom ? `${scenario.id}/${seed}${variant === 0 ? "" : `+${variant}`}` : scenario.id,
      ...{ scenario, seed, variant },
      verdict: verdictAt(columns, index),
      events: columns.events[index] ?? 0,
      virtualMs: columns.virtualMs[index] ?? 0,
      historyHash: hash.every((word) => word === 0)
        ? ""
        : hash.map((word) => word.toString(16).padStart(8, "0")).join(""),
      ...this.#details[index],
    };
  }

  /** Whether its id alone does not say which run it is. */
  isOneOfSeveral({ index, scenario }: RunRow): boolean {
    return !scenario.isRandom && (this.#sizes[this.columns.scenario[index] ?? 0] ?? 0) > 1;
  }

  /** @param seed of several runs of one id */
  find(id: string, seed: number | undefined): RunRow | undefined {
    const parts = /^(?<prefix>.*)\/(?<seed>\d+)(?:\+(?<variant>\d+))?$/u.exec(id)?.groups;
    const isOf = this.scenarios.map((scenario) =>
      scenario.isRandom ? scenario.id === parts?.["prefix"] : scenario.id === id,
    );
    const wanted = (scenario: PageScenario | undefined): [seed: number | undefined, variant: number] =>
      scenario?.isRandom === true ? [Number(parts?.["seed"]), Number(parts?.["variant"] ?? 0)] : [seed, 0];
    const { columns } = this;
    for (let run = 0; run < this.count; run++) {
      const at = columns.scenario[run] ?? 0;
      if (isOf[at] !== true) continue;
      const [ofSeed = columns.seed[run], variant] = wanted(this.scenarios[at]);
      if (columns.seed[run] === ofSeed && columns.variant[run] === variant) return this.row(run);
    }
    return undefined;
  }

  /** All of them. */
  get all(): Uint32Array {
    return (this.#all ??= Uint32Array.from({ length: this.count }, (_, run) => run));
  }

  /** Runs that have all of the words, in their name, requirements, faults or seed; of any verdict, or of one. */
  select(text: string, verdict: Verdict | undefined): Uint32Array {
    const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
    if (words.length === 0 && verdict === undefined) return this.all;
    const tests = words.map((word) => this.#test(word));
    const wanted = verdict === undefined ? -1 : VERDICTS.indexOf(verdict);
    const found = new Uint32Array(this.count);
    let length = 0;
    for (let run = 0; run < this.count; run++) {
      if (wanted >= 0 && this.columns.verdict[run] !== wanted) continue;
      if (tests.every((test) => test(run))) found[length++] = run;
    }
    return found.subarray(0, length);
  }

  /** What faults did in one run, or in several: by kind, in the order of the kinds. */
  faultsOf(run: number, into: (FaultCell | undefined)[]): void {
    const { faultKind, injected, effective } = this.columns;
    const end = this.#firstFault[run + 1] ?? 0;
    for (let fault = this.#firstFault[run] ?? 0; fault < end; fault++) {
      const kind = faultKind[fault] ?? 0;
      const cell = (into[kind] ??= { injected: 0, effective: 0 });
      cell.injected += injected[fault] ?? 0;
      cell.effective += effective[fault] ?? 0;
    }
  }

  /** Verdicts of some runs: how many there are of each. */
  verdictsOf(runs: Iterable<number>): Map<Verdict, number> {
    const counts = new Map<Verdict, number>();
    for (const run of runs) {
      const verdict = verdictAt(this.columns, run);
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    }
    return counts;
  }

  #test(word: string): (run: number) => boolean {
    const scenarios = this.#texts.map((text) => text.includes(word));
    const kinds = this.kinds.map((kind) => kind.toLowerCase().includes(word));
    const hasKinds = kinds.some(Boolean);
    const digits = /^\d+$/u.test(word) ? word : /^hunt\/(\d+)$/u.exec(word)?.[1];
    const { scenario, seed, faultKind } = this.columns;
    return (run) => {
      if (scenarios[scenario[run] ?? 0] === true) return true;
      if (digits !== undefined && String(seed[run]).startsWith(digits)) return true;
      if (!hasKinds) return false;
      const end = this.#firstFault[run + 1] ?? 0;
      for (let fault = this.#firstFault[run] ?? 0; fault < end; fault++)
        if (kinds[faultKind[fault] ?? 0] === true) return true;
      return false;
    };
  }
}
