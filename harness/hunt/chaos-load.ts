import { chance, type Random } from "../../engine/ports/index.ts";
import { KiB } from "../plan/mirror.ts";
import type { Step, WorkloadStep } from "../plan/step.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";

/** More than a host makes in the time that it has. */
const WRITES_MAX = 100_000;

/** Host I/O on the volume for `lastsMs`, without a pause that is longer than faults make it; and bursts of it. */
export function drawLoad(random: Random, volume: string, lastsMs: number): Step[] {
  const steady = drawTouch(random.fork("steady"), volume, lastsMs);
  const bursts = Array.from({ length: between(random, 1, 1 + Math.floor(lastsMs / 2000)) }, (_, index): Step => {
    const own = random.fork(`burst/${index}`);
    const delayMs = between(own, 0, lastsMs);
    const load = drawRequests(own, volume);
    return { kind: "after", delayMs, steps: [{ ...load, concurrency: between(own, 2, 12), thinkUsMax: 0 }] };
  });
  return [{ ...steady, concurrency: 2, thinkUsMax: 40_000 }, ...bursts];
}

/** A host that asks now and then, for `lastsMs`. */
export function drawTouch(random: Random, volume: string, lastsMs: number): WorkloadStep {
  return { ...drawRequests(random, volume), writes: WRITES_MAX, concurrency: 1, thinkUsMax: 100_000, lastsMs };
}

/** A short load of everything that a host may ask for. */
export function drawRequests(random: Random, volume: string): WorkloadStep {
  return {
    kind: "workload",
    volume,
    writes: between(random, 20, 120),
    partialTrack: pick(random, [0, 0.3, 1]),
    flushEvery: acrossOrders(random, 1, 40),
    fua: pick(random, [0, 0.3]),
    trim: chance(random, 0.5) ? 0.2 : 0,
    reads: pick(random, [0, 0.2, 1]),
    bytesMax: pick(random, [KiB(4), KiB(16), KiB(64)]),
    concurrency: 4,
    thinkUsMax: 2_000,
    lastsMs: 2_000,
  };
}
