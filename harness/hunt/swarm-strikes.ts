import { below, chance, type Random } from "../../engine/ports/index.ts";
import { diskWrite } from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import { acrossOrders, pick } from "./chaos-draw.ts";
import type { StrikeBook } from "./strike-book.ts";
import { drawBlow, stepsOf, stepsWithin } from "./swarm-blows.ts";
import type { Cast } from "./swarm-cast.ts";
import { momentIn } from "./swarm-moments.ts";
import type { Swarm, SwarmFault } from "./swarm.ts";

/** Part of the strikes with a second blow in them, of those with one behind them, and of the former with a third one behind. */
const WITHIN = 0.3;
const BEHIND = 0.2;
const BEHIND_BOTH = 0.5;
/** What waits when one of these is over goes on all at once. */
const PENT_UP: ReadonlySet<SwarmFault> = new Set(["pause", "hold", "stall", "latency", "bandwidth"]);
const CATCHING_UP_WITHIN_MS = 1_500;
/** A second fault that has anything to find where the first one is still there. */
const ENDS: readonly SwarmFault[] = ["power", "power", "kill", "cut"];

/** What strikes in a round, each at its moment, with the end of it. */
export function drawStrikes(random: Random, swarm: Swarm, cast: Cast, book: StrikeBook): Step[] {
  return Array.from({ length: below(random.fork("count"), swarm.strikesMax + 1) }, (_, index): Step => {
    const own = random.fork(`strike/${index}`);
    const steps = drawStrike(own, swarm, cast, book);
    return momentIn(own.fork("moment"), swarm, cast, steps);
  });
}

/** One blow; or a second one within it; or one behind it, when a system catches up; or all three. */
function drawStrike(random: Random, swarm: Swarm, cast: Cast, book: StrikeBook): Step[] {
  const { systems } = cast.topology;
  const system = pick(random, systems);
  const kind = pick(random, swarm.faults);
  if (ENDS.includes(kind) || kind === "torn-write") return stepsOf(drawBlow(random, kind, system, cast, book));
  if (chance(random.fork("within"), WITHIN)) {
    const first = drawBlow(random, kind, system, cast, book, { fails: "all" });
    const own = random.fork("second");
    const second = drawBlow(own, pick(own, ENDS), chance(own, 0.7) ? system : pick(own, systems), cast, book);
    const both = stepsWithin(first, pick(own, [0, 1, 5, 20]), second);
    // What the first two left, and a start believed, may be there until the power goes.
    const third = random.fork("third");
    return chance(third, BEHIND_BOTH) ? [...both, drawNext(third, swarm, cast, book)] : both;
  }
  const steps = stepsOf(drawBlow(random, kind, system, cast, book));
  const isFollowed = chance(random.fork("behind"), PENT_UP.has(kind) ? 2 * BEHIND : BEHIND);
  return isFollowed ? [...steps, drawNext(random.fork("second"), swarm, cast, book)] : steps;
}

/** Strikes when some disk has been written a few times more. */
function drawNext(random: Random, swarm: Swarm, cast: Cast, book: StrikeBook): Step {
  const system = pick(random, cast.topology.systems);
  const { name } = pick(random, system.volumes);
  const kind = pick(random, [...swarm.faults, ...ENDS]);
  const blow = drawBlow(random, kind, system, cast, book);
  const condition = diskWrite(name, acrossOrders(random, 1, 32));
  return { kind: "when", condition, steps: stepsOf(blow), withinMs: CATCHING_UP_WITHIN_MS };
}
