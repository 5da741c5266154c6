import { chance, type Random } from "../../engine/ports/index.ts";
import { KiB, workload } from "../plan/index.ts";
import type { WorkloadStep } from "../plan/step.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import type { Cast } from "./swarm-cast.ts";

/** Part of the loads that go to a secondary, which takes them only if roles or a split let it. */
const AT_SECONDARY = 0.2;

/** What hosts do in a round: some loads at once, of `writes` writes in all. */
export function drawLoads(random: Random, { primaries, secondaries }: Cast, writes: number): WorkloadStep[] {
  const count = pick(random.fork("count"), [1, 1, 2, 2, 3]);
  return Array.from({ length: count }, (_, index): WorkloadStep => {
    const own = random.fork(`load/${index}`);
    const isFar = secondaries.length > 0 && index > 0 && chance(own, AT_SECONDARY);
    return drawLoad(own, pick(own, isFar ? secondaries : primaries), Math.max(1, Math.round(writes / count)));
  });
}

/** Aligned or not, of parts of tracks, with reads, flushes, trims and zeroes between, few at once or many. */
export function drawLoad(random: Random, volume: string, writes: number): WorkloadStep {
  return workload(volume, {
    writes,
    partialTrack: pick(random, [0, 0.3, 1]),
    flushEvery: acrossOrders(random, 1, 40),
    fua: pick(random, [0, 0, 0.3]),
    trim: pick(random, [0, 0, 0.2]),
    reads: pick(random, [0, 0.1, 0.5]),
    concurrency: between(random, 1, 8),
    thinkUsMax: acrossOrders(random, 1, 2000),
    bytesMax: pick(random, [KiB(4), KiB(8), KiB(8), KiB(32)]),
  });
}
