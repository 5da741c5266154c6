import type { RunRecord, Verdict } from "../history/run-record.ts";
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
  /** The point did not come in its run: nothing was tried. */
  readonly unreached: number;
  /** Points after which something was refused for good, or waited for in vain. */
  readonly tolerated: number;
}

/** What the run at one point showed. */
export interface PointOutcome {
  readonly isReached: boolean;
  /** UNKNOWN if the point was not reached and nothing else went wrong. */
  readonly verdict: Verdict;
}

/**
 * Judges the run at a point. A fault of the plan itself that the blow leaves nothing to do, a cut of a link whose end is
 * down, does not make it vacuous.
 *
 * @param base the record of the run without a blow
 */
export function outcomeAt({ system, at, blow }: CrashPoint, record: RunRecord, base: RunRecord): PointOutcome {
  const kind = blow === "cut" ? "cut" : "crash";
  const on = blow === "cut" && at.kind === "sent" ? at.link : system;
  const isReached = injected(record, kind, on) > injected(base, kind, on);
  const isIdleOnly =
    record.vacuous && record.failures.length === 0 && record.oracles.every(({ verdict }) => verdict === "PASS");
  return { isReached, verdict: isIdleOnly && isReached ? "PASS" : record.verdict };
}

/** One row for each place and blow, in the order of the points, whose records and outcomes are in the same order. */
export function tally(
  points: readonly CrashPoint[],
  records: readonly RunRecord[],
  outcomes: readonly PointOutcome[],
): TallyRow[] {
  const rows = new Map<string, TallyRow>();
  for (const [index, { system, at, blow }] of points.entries()) {
    const record = records[index];
    const outcome = outcomes[index];
    if (record === undefined || outcome === undefined) throw new Error(`a point without a record: ${index}`);
    const where = at.kind === "disk-write" ? at.disk : at.link;
    const key = `${system} ${where} ${blow}`;
    const row = rows.get(key) ?? { system, where, blow, points: 0, passed: 0, failed: 0, unreached: 0, tolerated: 0 };
    const passed = outcome.verdict === "PASS";
    const unreached = !passed && !outcome.isReached && record.failures.length === 0;
    rows.set(key, {
      ...row,
      points: row.points + 1,
      passed: row.passed + Number(passed),
      failed: row.failed + Number(!passed && !unreached),
      unreached: row.unreached + Number(unreached),
      tolerated: row.tolerated + Number((record.tolerated ?? []).length > 0),
    });
  }
  return [...rows.values()];
}

function injected({ faults }: RunRecord, kind: string, on: string): number {
  return faults.find((fault) => fault.kind === kind && fault.on === on)?.injected ?? 0;
}
