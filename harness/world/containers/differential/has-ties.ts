import { hostPump } from "../../sim/host-pump.ts";
import { differences } from "../../sim/net/recorded/compare.ts";
import { replay } from "../../sim/net/recorded/replay.ts";
import type { Toxic } from "../../sim/net/proxy/toxic.ts";
import type { Schedule } from "../../sim/net/recorded/schedule.ts";

/** Two things closer than this may happen in either order on a real machine. */
const APART_MS = 12;

/** How much longer than asked a real machine may wait after each slice; it adds up. */
const SLICE_LATE_US = 2000;

/**
 * True if what a schedule leads to depends on which of two things comes first that are almost at once: the
 * simulation does otherwise when some actions are a little late, or each slice. Such a schedule
 * compares nothing.
 */
export async function hasTies(schedule: Schedule): Promise<boolean> {
  const onTimeMs = schedule.actions.map(({ atMs }) => atMs);
  const expected = await replay(schedule, onTimeMs, hostPump());
  const toleranceMs = Math.max(3 * APART_MS, 2 * (schedule.toleranceMs ?? 0));
  const tolerant = { ...expected, schedule: { ...schedule, toleranceMs } };
  const late = (isLate: (index: number) => boolean): readonly number[] =>
    onTimeMs.map((atMs, index) => (atMs > 0 && isLate(index) ? atMs + APART_MS : atMs));
  for (const [variant, startedMs] of [
    [schedule, late((index) => index % 2 === 0)],
    [schedule, late((index) => index % 2 === 1)],
    [schedule, late(() => true)],
    [withLateSlices(schedule), onTimeMs],
  ] as const)
    if (differences(tolerant, await replay(variant, startedMs, hostPump())).length > 0) return true;
  return false;
}

function withLateSlices(schedule: Schedule): Schedule {
  const later = <T extends { readonly toxic: Toxic }>(holder: T): T => {
    const { toxic } = holder;
    if (toxic.type !== "slicer") return holder;
    return { ...holder, toxic: { ...toxic, delayUs: (toxic.delayUs ?? 0) + SLICE_LATE_US } };
  };
  const actions = schedule.actions.map((action) => ("toxic" in action ? later(action) : action));
  return { ...schedule, toxics: schedule.toxics.map(later), actions };
}
