import { VERDICTS, type WorldKind } from "../../harness/history/run-record.ts";

// How the runs of a page are kept in it: columns of numbers, as text for 100,000 runs would be ten times as long and slow to read.

/** What runs have in common: a scenario, or random plans of one shape. */
export interface PageScenario {
  /** Of its runs; of random plans, what comes before the seed. */
  readonly id: string;
  readonly name: string;
  readonly requirements: readonly string[];
  readonly world: WorldKind;
  /** Another engine than that of this project. */
  readonly target?: string;
  /** Random plans: the id of a run ends with its seed. */
  readonly isRandom: boolean;
}

/** In this order, one after the other: the type of a column, and whether it has a value a run or one a fault of a run. */
export const COLUMNS = {
  /** Index into the scenarios. */
  scenario: [Uint32Array, "run"],
  seed: [Uint32Array, "run"],
  variant: [Uint16Array, "run"],
  /** Index into `VERDICTS`. */
  verdict: [Uint8Array, "run"],
  events: [Uint32Array, "run"],
  virtualMs: [Float32Array, "run"],
  /** The first eight digits of its history's hash, and the last; both 0 if there is none. */
  hashHigh: [Uint32Array, "run"],
  hashLow: [Uint32Array, "run"],
  /** How many kinds of faults it has. */
  faultCount: [Uint8Array, "run"],
  /** Index into the kinds. */
  faultKind: [Uint8Array, "fault"],
  injected: [Uint32Array, "fault"],
  effective: [Uint32Array, "fault"],
} as const;

type Column = keyof typeof COLUMNS;

/** Columns by name, each of its type. */
export type Columns = { readonly [Name in Column]: InstanceType<(typeof COLUMNS)[Name][0]> };

export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly Column[];

/** @param bytes all columns, in their order */
export function readColumns(bytes: ArrayBuffer, runCount: number, faultCount: number): Columns {
  let offset = 0;
  const read = (name: Column): [Column, Columns[Column]] => {
    const [type, per] = COLUMNS[name];
    const length = (per === "run" ? runCount : faultCount) * type.BYTES_PER_ELEMENT;
    const column = new type(bytes.slice(offset, offset + length));
    offset += length;
    return [name, column];
  };
  return Object.fromEntries(COLUMN_NAMES.map(read)) as unknown as Columns;
}

export function verdictAt({ verdict }: Pick<Columns, "verdict">, run: number): (typeof VERDICTS)[number] {
  return VERDICTS[verdict[run] ?? 0] ?? "ERROR";
}
