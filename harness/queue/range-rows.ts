import { z } from "zod";
import type { Struck } from "../history/mirror-state.ts";
import { type RecoverySample, type RunRecord, VERDICTS } from "../history/run-record.ts";
import type { SeedResult } from "../hunt/seed-result.ts";

/** A record beyond this is left out of the database: its run can be repeated. */
const RECORD_LENGTH_MAX = 4 * 2 ** 20;

const count = z.int().min(0);
const place = z.array(count);

/** The results of a job as they are stored: names once, and their places in each result. */
export interface RangeRows {
  readonly names: readonly string[];
  readonly rows: readonly ResultRow[];
}

export const resultRowSchema = z.strictObject({
  seed: count,
  variant: count,
  verdict: z.enum(VERDICTS),
  history_hash: z.string(),
  events: count,
  fingerprints: z.array(z.string()),
  reached: place,
  /** Kind, on what, injected, effective; and both again by what mirrors were like. */
  faults: z.array(z.tuple([count, count, count, count, z.array(z.tuple([count, count, count])).nullable()])),
  /** Measure, fault, ms, bytes. */
  recovery: z.array(z.tuple([count, count, z.number(), count.nullable()])),
  record: z.string().nullable(),
});
export type ResultRow = z.infer<typeof resultRowSchema>;

/** `rangeResults` reads them again. */
export function rangeRows(results: readonly SeedResult[]): RangeRows {
  const places = new Map<string, number>();
  const placeOf = (name: string): number => {
    const known = places.get(name) ?? places.size;
    places.set(name, known);
    return known;
  };
  const rows = results.map((result): ResultRow => {
    const { seed, variant, verdict, historyHash, events, fingerprints, reached, faults, recovery } = result;
    const record = result.record === undefined ? null : JSON.stringify(result.record);
    return {
      ...{ seed, variant, verdict, events },
      history_hash: historyHash,
      fingerprints: [...fingerprints],
      reached: reached.map(placeOf),
      faults: faults.map(({ kind, on, injected, effective, struck }) => {
        const states = struck === undefined ? null : Object.entries(struck);
        const told = states?.map(([state, [some, seen]]): [number, number, number] => [placeOf(state), some, seen]);
        return [placeOf(kind), placeOf(on), injected, effective, told ?? null];
      }),
      recovery: recovery.map(({ measure, fault, ms, bytes }) => [placeOf(measure), placeOf(fault), ms, bytes ?? null]),
      record: record !== null && record.length > RECORD_LENGTH_MAX ? null : record,
    };
  });
  return { names: [...places.keys()], rows };
}

/** @throws Error if a place has no name */
export function rangeResults({ names, rows }: RangeRows): SeedResult[] {
  const nameAt = (at: number): string => {
    const name = names[at];
    if (name === undefined) throw new Error(`a result names place ${at} of ${names.length}`);
    return name;
  };
  return rows.map((row) => {
    const { seed, variant, verdict, events, fingerprints, record } = row;
    return {
      ...{ seed, variant, verdict, events, fingerprints },
      historyHash: row.history_hash,
      reached: row.reached.map(nameAt),
      faults: row.faults.map(([kind, on, injected, effective, states]) => {
        const fault = { kind: nameAt(kind), on: nameAt(on), injected, effective };
        const struck = states?.map(([state, some, seen]) => [nameAt(state), [some, seen]] as const);
        return struck === undefined ? fault : { ...fault, struck: Object.fromEntries(struck) as Struck };
      }),
      recovery: row.recovery.map(([measure, fault, ms, bytes]) => {
        const sample = { measure: nameAt(measure) as RecoverySample["measure"], fault: nameAt(fault), ms };
        return bytes === null ? sample : { ...sample, bytes };
      }),
      // Written by a worker of the same program.
      ...(record === null ? {} : { record: JSON.parse(record) as RunRecord }),
    };
  });
}
