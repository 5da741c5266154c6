import { hostPump } from "../../sim/host-pump.ts";
import { differences } from "../../sim/net/recorded/compare.ts";
import { outcomes } from "../../sim/net/recorded/outcomes.ts";
import type { Recording, Schedule } from "../../sim/net/recorded/schedule.ts";
import { NetworkError } from "../../sim/net/tcp/network-error.ts";
import type { Toxic } from "../../sim/net/proxy/toxic.ts";

/** Two things closer than this may happen in either order on a real machine. */
const APART_MS = 12;

/** How much longer than asked a real machine may wait after each slice; it adds up. */
const SLICE_LATE_US = 2000;

/**
 * Why a schedule compares nothing; undefined if it does. The simulation alone tells, before anything runs.
 *
 * - `ties`: what it leads to depends on which of two things comes first that are almost at once. The simulation does
 *   otherwise when some actions are a little late, or each slice: timers of a real machine fire late, and Toxiproxy
 *   waits anew after each slice.
 * - `lots`: Toxiproxy draws so many lots in it that nearly anything would be one of its outcomes.
 * - `panics`: Toxiproxy itself ends in it, and with it whatever runs beside.
 */
export async function whyNotCompared(schedule: Schedule): Promise<"ties" | "lots" | "panics" | undefined> {
  const onTimeMs = schedule.actions.map(({ atMs }) => atMs);
  const late = (isLate: (index: number) => boolean): readonly number[] =>
    onTimeMs.map((atMs, index) => (atMs > 0 && isLate(index) ? atMs + APART_MS : atMs));
  try {
    const expected = await outcomes(schedule, onTimeMs, hostPump());
    if (expected === undefined) return "lots";
    // What came before an action may be late, or what comes from it on: so any two of them may be nearer, or further apart.
    const variants: [Schedule, readonly number[]][] = [[withLateSlices(schedule), onTimeMs]];
    for (const from of onTimeMs.keys())
      variants.push([schedule, late((index) => index >= from)], [schedule, late((index) => index < from)]);
    for (const [variant, startedMs] of variants) {
      const found = await outcomes(variant, startedMs, hostPump());
      if (found === undefined) return "lots";
      if (!sameOutcomes(schedule, expected, found)) return "ties";
    }
    return undefined;
  } catch (error) {
    if (error instanceof NetworkError && error.code === "TOXIPROXY_PANICS") return "panics";
    throw error;
  }
}

function sameOutcomes(schedule: Schedule, left: readonly Recording[], right: readonly Recording[]): boolean {
  // What differs by more than a live run may differ by must be noticed; what is late moves by no more than that.
  const toleranceMs = Math.max(2 * APART_MS, (schedule.toleranceMs ?? 0) - APART_MS);
  const tolerant = (recording: Recording): Recording => ({ ...recording, schedule: { ...schedule, toleranceMs } });
  const among = (recording: Recording, all: readonly Recording[]): boolean =>
    all.some((each) => differences(tolerant(recording), each).length === 0);
  return left.every((each) => among(each, right)) && right.every((each) => among(each, left));
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
