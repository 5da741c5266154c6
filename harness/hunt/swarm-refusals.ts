import { chance, type Random } from "../../engine/ports/index.ts";
import type { DiskRequestKind } from "../fault/disk-trigger.ts";
import { after, eio, enospc, heal, labelled, ms, read, sequence, together, written } from "../plan/index.ts";
import type { InjectStep, Step } from "../plan/step.ts";
import { disksIn } from "../plan/system-disks.ts";
import type { TopologySystem } from "../plan/topology.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import type { StrikeBook } from "./strike-book.ts";
import { drawTelling } from "./swarm-stories.ts";
import { ALL, drawBlow, stepsOf } from "./swarm-blows.ts";
import { type Cast, systemWith, volumeOf } from "./swarm-cast.ts";
import { drawLoad } from "./swarm-load.ts";
import { storiesOf } from "./story-list.ts";
import type { Swarm, SwarmFault } from "./swarm.ts";

/** What a disk refuses: reads too, so that nobody learns what the writes have left. */
const REFUSED: readonly (readonly DiskRequestKind[])[] = [
  ["write"],
  ["read", "write"],
  ["read", "write"],
  ["write", "flush"],
  ["read", "write", "flush"],
];
/** Of all requests until it is healed, or of some. */
const COUNTS = [1, 2, 5, ALL, ALL] as const;
const WRITES_MAX = 12;
/** The latter are longer than most loads: all of it is refused. */
const LASTING_MS = [1, 5, 20, 100, 1000] as const;
/** Part of these faults beside which another disk of the system fails. */
const BESIDE = 0.35;
/** Part of them behind which hosts look at all that is there; and write once more. */
const LOOKED_AT = 0.8;
const WRITTEN_AFTER = 0.3;
/** Part of them behind which operators do something with the volume. */
const TOLD = 0.35;
/** What comes last: the program or its cache goes. */
const ENDS: readonly (SwarmFault | "none")[] = ["kill", "kill", "power", "power", "cut", "none"];
const WITHIN_MS = 1_500;

/**
 * A disk refuses what hosts write, and then works again; they see what is there; and what only memory or a cache knows of it
 * may be lost after that. What an engine makes of a write that failed shows here, or not at all.
 */
export function drawRefusals(random: Random, swarm: Swarm, cast: Cast, book: StrikeBook): Step[] {
  return Array.from({ length: swarm.refusals }, (_, index): Step => {
    const own = random.fork(`refusal/${index}`);
    const isFar = cast.secondaries.length > 0 && chance(own, 0.2);
    const volume = pick(own, isFar ? cast.secondaries : cast.primaries);
    const steps = drawRefusal(own, volume, swarm, cast, book);
    return { kind: "when", condition: written(volume, acrossOrders(own, 1, 16)), steps, withinMs: WITHIN_MS };
  });
}

function drawRefusal(random: Random, volume: string, swarm: Swarm, cast: Cast, book: StrikeBook): Step[] {
  const system = systemWith(cast.topology, volume);
  const look = read(volume, 0, volumeOf(cast.topology, volume).sizeBytes);
  const steps = [...drawFailing(random, volume, system, book)];
  if (chance(random, LOOKED_AT)) steps.push(look);
  if (chance(random, WRITTEN_AFTER)) steps.push(drawLoad(random.fork("more"), volume, between(random, 1, WRITES_MAX)));
  const told = random.fork("told");
  const stories = storiesOf(told.fork("list"), swarm, cast)
    .flat()
    .filter(({ volumes }) => volumes.includes(volume));
  if (stories.length > 0 && chance(told, TOLD)) steps.push(...drawTelling(told, pick(told, stories)));
  const end = pick(random, ENDS);
  if (end !== "none") steps.push(...stepsOf(drawBlow(random.fork("end"), end, system, cast, book)));
  if (chance(random, LOOKED_AT)) steps.push(look);
  return steps;
}

/** The disk fails under a load, perhaps with another one of its system, and works again. */
function drawFailing(random: Random, volume: string, system: TopologySystem, book: StrikeBook): Step[] {
  const nth = acrossOrders(random, 1, 4);
  const faults: InjectStep[] = [eio(volume, pick(random, REFUSED), { nth, count: pick(random, COUNTS) })];
  if (chance(random, BESIDE)) {
    const other = pick(random, disksIn(system));
    const trigger = { nth: acrossOrders(random, 1, 4), count: pick(random, COUNTS) };
    faults.push(chance(random, 0.5) ? enospc(other, trigger) : eio(other, pick(random, REFUSED), trigger));
  }
  const labels = faults.map(() => book.label());
  const begin = faults.map((fault, index) => labelled(labels[index] as string, fault));
  const end = labels.map((label) => heal(label));
  const load = drawLoad(random.fork("load"), volume, between(random, 1, WRITES_MAX));
  return [...begin, together(load, after(ms(pick(random, LASTING_MS)), sequence(...end)))];
}
