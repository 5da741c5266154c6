import type { PageRun } from "../harness/history/page-input.ts";
import { VERDICTS } from "../harness/history/run-record.ts";
import { COLUMN_NAMES, COLUMNS, type Columns, type PageScenario } from "./page/run-columns.ts";

type Growing = { [Name in keyof Columns]: number[] };

/** Takes runs one by one, and keeps of each what a page shows in a line. */
export class RunColumnsWriter {
  readonly #scenarios = new Map<string, { readonly at: number; readonly scenario: PageScenario }>();
  readonly #kinds = new Map<string, number>();
  readonly #columns = Object.fromEntries(COLUMN_NAMES.map((name) => [name, []])) as unknown as Growing;
  readonly #orders: number[] = [];
  readonly #firstFault: number[] = [0];

  /** @returns which run it is until {@link finish}, which puts them in order */
  add(run: PageRun): number {
    const at = this.#orders.length;
    const columns = this.#columns;
    const hash = run.historyHash.padStart(16, "0");
    columns.scenario.push(this.#scenarioOf(run));
    columns.seed.push(run.seed);
    columns.variant.push(run.variant ?? 0);
    columns.verdict.push(VERDICTS.indexOf(run.verdict));
    columns.events.push(run.events ?? 0);
    columns.virtualMs.push(run.virtualMs ?? 0);
    columns.hashHigh.push(Number.parseInt(hash.slice(0, 8), 16));
    columns.hashLow.push(Number.parseInt(hash.slice(8), 16));
    const faults = byKind(run);
    columns.faultCount.push(faults.size);
    for (const [kind, { injected, effective }] of faults) {
      columns.faultKind.push(this.#kindOf(kind));
      columns.injected.push(injected);
      columns.effective.push(effective);
    }
    this.#firstFault.push(columns.faultKind.length);
    this.#orders.push(run.order ?? at);
    return at;
  }

  get runCount(): number {
    return this.#orders.length;
  }

  get faultCount(): number {
    return this.#columns.faultKind.length;
  }

  get scenarios(): PageScenario[] {
    return [...this.#scenarios.values()].map(({ scenario }) => scenario);
  }

  get kinds(): string[] {
    return [...this.#kinds.keys()];
  }

  /** @returns all columns one after the other, and for each run where it has come to */
  finish(): { readonly bytes: Uint8Array; readonly placeOf: Uint32Array } {
    const sorted = Uint32Array.from(this.#orders.keys()).sort(
      (one, other) => (this.#orders[one] ?? 0) - (this.#orders[other] ?? 0) || one - other,
    );
    const placeOf = new Uint32Array(sorted.length);
    sorted.forEach((run, place) => {
      placeOf[run] = place;
    });
    const faults = [...sorted].flatMap((run) => range(this.#firstFault[run] ?? 0, this.#firstFault[run + 1] ?? 0));
    const parts = COLUMN_NAMES.map((name) => {
      const [type, per] = COLUMNS[name];
      const order = per === "run" ? sorted : faults;
      const column = new type(order.length);
      const values = this.#columns[name];
      for (const [place, run] of order.entries()) column[place] = values[run] ?? 0;
      return new Uint8Array(column.buffer);
    });
    return { bytes: Buffer.concat(parts), placeOf };
  }

  #scenarioOf({ id, scenario: name, requirements, world, target, variant }: PageRun): number {
    const isRandom = variant !== undefined;
    const own = isRandom ? id.slice(0, id.lastIndexOf("/")) : id;
    const key = JSON.stringify([own, name, world, target, requirements]);
    const known = this.#scenarios.get(key);
    if (known !== undefined) return known.at;
    const at = this.#scenarios.size;
    this.#scenarios.set(key, {
      at,
      scenario: { id: own, name, requirements, world, ...(target === undefined ? {} : { target }), isRandom },
    });
    return at;
  }

  #kindOf(kind: string): number {
    const at = this.#kinds.get(kind) ?? this.#kinds.size;
    this.#kinds.set(kind, at);
    return at;
  }
}

function byKind({ faults }: PageRun): Map<string, { injected: number; effective: number }> {
  const cells = new Map<string, { injected: number; effective: number }>();
  for (const { kind, injected, effective } of faults) {
    const cell = cells.get(kind) ?? { injected: 0, effective: 0 };
    cells.set(kind, { injected: cell.injected + injected, effective: cell.effective + effective });
  }
  return cells;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
