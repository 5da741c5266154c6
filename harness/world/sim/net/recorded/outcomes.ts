import type { Pump } from "../../pump.ts";
import { differences } from "./compare.ts";
import { replay } from "./replay.ts";
import type { Recording, Schedule } from "./schedule.ts";

/** A schedule in which more lots are drawn is not compared: nearly anything would agree with one of its outcomes. */
const OUTCOMES_MAX = 32;

/**
 * Everything that may come of `schedule` on the simulated network: a run for each way in which the lots
 * can fall that Toxiproxy draws. Most schedules draw none, and have one outcome.
 *
 * @returns undefined if there are more than 32
 * @throws as {@link replay}
 */
export async function outcomes(
  schedule: Schedule,
  startedMs: readonly number[],
  pump: Pump,
): Promise<readonly Recording[] | undefined> {
  const found: Recording[] = [];
  let lots: boolean[] = [];
  for (;;) {
    if (found.length === OUTCOMES_MAX) return undefined;
    let drawn = 0;
    const recording = await replay(schedule, startedMs, pump, () => {
      if (drawn === lots.length) lots.push(true);
      return lots[drawn++] as boolean;
    });
    found.push(recording);
    if (drawn !== lots.length) throw new Error(`${schedule.name}: the same lots led to another run`);
    // The next in order: the last lot that fell one way now falls the other, and those after it are drawn anew.
    const last = lots.lastIndexOf(true);
    if (last < 0) return found;
    lots = [...lots.slice(0, last), false];
  }
}

/** How `real` differs from the nearest of the outcomes that it may have; empty if it is one of them. */
export function differencesFromAll(real: Recording, possible: readonly Recording[]): readonly string[] {
  const all = possible.map((each) => differences(real, each));
  return all.reduce((nearest, each) => (each.length < nearest.length ? each : nearest));
}
