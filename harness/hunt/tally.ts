import type { RunRecord, Verdict } from "../history/run-record.ts";
import type { AnyFault } from "../fault/index.ts";
import type { RunObserver } from "../run/run-observer.ts";
import { type Blow, blowLabel, type CrashPoint } from "./crash-point.ts";

/** What became of the runs at one disk, or at one end of a link, under one blow. */
export interface TallyRow {
  readonly system: string;
  /** The disk or the link. */
  readonly where: string;
  readonly blow: Blow;
  readonly points: number;
  /** Above `points`, as the blow strikes in several ways. */
  readonly runs: number;
  readonly passed: number;
  readonly failed: number;
  /** The point did not come in its run: nothing was tried. */
  readonly unreached: number;
  /** Runs in which something was refused for good, or waited for in vain. */
  readonly tolerated: number;
}

/** What the run at one point showed. */
export interface PointOutcome {
  readonly isReached: boolean;
  /** UNKNOWN if the point was not reached and nothing else went wrong. */
  readonly verdict: Verdict;
}

/** A run at a point, and what it showed. */
export interface TalliedRun extends PointOutcome {
  readonly point: CrashPoint;
  readonly isTolerated: boolean;
}

/** Sees which blows strike in a run. */
export class BlowWatch implements RunObserver {
  readonly #labels = new Set<string>();

  begin(): void {}

  step(): void {}

  struck(_fault: AnyFault, label?: string): void {
    if (label !== undefined) this.#labels.add(label);
  }

  /** Of so many blows all struck. */
  haveStruck(count: number): boolean {
    return Array.from({ length: count }, (_none, index) => blowLabel(index)).every((label) => this.#labels.has(label));
  }
}

/**
 * Judges the run with a blow at each of `points`. A fault of the plan itself that the blow leaves nothing to do, a cut of a
 * link whose end is down, does not make it vacuous; nor does a cut after bytes that the connection does not live to carry.
 */
export function outcomeAt(points: readonly CrashPoint[], record: RunRecord, watch: BlowWatch): PointOutcome {
  const isReached = watch.haveStruck(points.length);
  const isIdleOnly =
    record.vacuous && record.failures.length === 0 && record.oracles.every(({ verdict }) => verdict === "PASS");
  if (isIdleOnly && isReached) return { isReached, verdict: "PASS" };
  return { isReached, verdict: !isReached && record.verdict === "PASS" ? "UNKNOWN" : record.verdict };
}

/** One row for each place and blow, in the order of the runs. */
export function tally(runs: readonly TalliedRun[]): TallyRow[] {
  const rows = new Map<string, TallyRow>();
  const moments = new Set<string>();
  for (const { point, verdict, isReached, isTolerated } of runs) {
    const { system, at, blow } = point;
    const where = at.kind === "sent" ? at.link : at.disk;
    const key = `${system} ${where} ${blow}`;
    const moment = `${key} ${at.kind} ${at.nth}`;
    const isNew = !moments.has(moment);
    moments.add(moment);
    const row = rows.get(key) ?? {
      system,
      where,
      blow,
      points: 0,
      runs: 0,
      passed: 0,
      failed: 0,
      unreached: 0,
      tolerated: 0,
    };
    const passed = verdict === "PASS";
    const unreached = verdict === "UNKNOWN" && !isReached;
    rows.set(key, {
      ...row,
      points: row.points + Number(isNew),
      runs: row.runs + 1,
      passed: row.passed + Number(passed),
      failed: row.failed + Number(!passed && !unreached),
      unreached: row.unreached + Number(unreached),
      tolerated: row.tolerated + Number(isTolerated),
    });
  }
  return [...rows.values()];
}
