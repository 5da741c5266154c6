import { type Difference, findDifference } from "../history/difference.ts";
import type { EventLog } from "../history/event-log.ts";

/** Anything with the log of a run. */
export interface LoggedRun {
  readonly log: EventLog;
}

/** What the check found, with the result of the first run. */
export interface DeterminismCheck<Result extends LoggedRun> {
  readonly result: Result;
  /** `undefined`: both runs were the same, event for event. */
  readonly difference: Difference | undefined;
}

/**
 * Runs `run` twice and compares every event (rule 11). The cost is that of two runs.
 *
 * @param run the same seed and plan each time; it must build everything that it uses anew
 */
export async function checkDeterminism<Result extends LoggedRun>(
  run: () => Promise<Result>,
): Promise<DeterminismCheck<Result>> {
  const result = await run();
  return { result, difference: findDifference(result.log, (await run()).log) };
}
