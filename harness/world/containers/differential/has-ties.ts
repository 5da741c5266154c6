import { hostPump } from "../../sim/host-pump.ts";
import { differences } from "../../sim/net/recorded/compare.ts";
import { replay } from "../../sim/net/recorded/replay.ts";
import type { Schedule } from "../../sim/net/recorded/schedule.ts";

/** Two things closer than this may happen in either order on a real machine. */
const APART_MS = 12;

/**
 * True if what a schedule leads to depends on which of two things comes first that are almost at once: the
 * simulation does otherwise when some actions are a little late. Such a schedule compares nothing.
 */
export async function hasTies(schedule: Schedule): Promise<boolean> {
  const onTimeMs = schedule.actions.map(({ atMs }) => atMs);
  const expected = await replay(schedule, onTimeMs, hostPump());
  for (const isLate of [(index: number) => index % 2 === 0, (index: number) => index % 2 === 1, () => true]) {
    const startedMs = onTimeMs.map((atMs, index) => (atMs > 0 && isLate(index) ? atMs + APART_MS : atMs));
    const shifted = await replay(schedule, startedMs, hostPump());
    const tolerant = { ...expected, schedule: { ...schedule, toleranceMs: 3 * APART_MS } };
    if (differences(tolerant, shifted).length > 0) return true;
  }
  return false;
}
