import type { RunRecord } from "../history/run-record.ts";
import type { Blow, CrashPoint } from "./crash-point.ts";

/** What became of the points at one disk, or at one end of a link, under one blow. */
export interface TallyRow {
  readonly system: string;
  /** The disk or the link. */
  readonly where: string;
  readonly blow: Blow;
  readonly points: number;
  readonly passed: number;
  readonly failed: number;
  /** The point was not reached: nothing was tried. */
  readonly vacuous: number;
  /** Points after which something was refused for good, or waited for in vain. */
  readonly tolerated: number;
}

/** One row for each place and blow, in the order of the points. `records` are of the points, in their order. */
export function tally(points: readonly CrashPoint[], records: readonly RunRecord[]): TallyRow[] {
  const rows = new Map<string, TallyRow>();
  for (const [index, { system, at, blow }] of points.entries()) {
    const record = records[index];
    if (record === undefined) throw new Error(`a point without a record: ${index}`);
    const where = at.kind === "disk-write" ? at.disk : at.link;
    const key = `${system} ${where} ${blow}`;
    const row = rows.get(key) ?? { system, where, blow, points: 0, passed: 0, failed: 0, vacuous: 0, tolerated: 0 };
    const isVacuous = record.vacuous && record.failures.length === 0;
    const passed = record.verdict === "PASS";
    rows.set(key, {
      ...row,
      points: row.points + 1,
      passed: row.passed + Number(passed),
      failed: row.failed + Number(!passed && !isVacuous),
      vacuous: row.vacuous + Number(isVacuous),
      tolerated: row.tolerated + Number((record.tolerated ?? []).length > 0),
    });
  }
  return [...rows.values()];
}
