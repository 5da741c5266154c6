import { chance, type Random } from "../../engine/ports/index.ts";
import type { Condition } from "../plan/condition.ts";
import { after, attempt, ms, progress, sequence, step, written } from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import type { StrikeBook } from "./strike-book.ts";
import { type Story, storiesOf } from "./story-list.ts";
import { drawBlow, stepsOf } from "./swarm-blows.ts";
import type { Cast } from "./swarm-cast.ts";
import type { Swarm } from "./swarm.ts";

/** Any refusal is fine by the plan; this one is only named because a step must name one. */
const REFUSAL = "REFUSED";
/** Longest time between two commands of a story. */
const DELAY_MS_MAX = [0, 3, 10, 30, 60] as const;
/** Part of the stories with a fault in their midst. */
const STRUCK = 0.6;
/** Part of the faults in stories that come when a part of a copy is done, where there is one. */
const COPYING = 0.5;
/** Faults that a story always may have, whatever else the plan has. */
const ENDS = ["power", "cut", "cut", "eio"] as const;
const WITHIN_MS = 1_500;
const NO_COMMANDS: ReadonlySet<Step["kind"]> = new Set(["mark", "inject", "heal", "restart"]);

/**
 * Commands that only mean something after each other: what is restored was backed up before. Some stories of those that
 * the cast can play, each in a lane of its own, and often a fault at a step of the program that a command leads to.
 */
export function drawStories(random: Random, swarm: Swarm, cast: Cast, book: StrikeBook): Step[] {
  const count = between(random.fork("count"), 0, swarm.storiesMax);
  const lanes: Step[] = [];
  for (let index = 0; index < count; index++) {
    const own = random.fork(`story/${index}`);
    const kinds = storiesOf(own.fork("list"), swarm, cast);
    if (kinds.length > 0) lanes.push(...lanesOf(own, pick(own, pick(own, kinds)), swarm, cast, book));
  }
  return lanes;
}

function lanesOf(random: Random, story: Story, swarm: Swarm, cast: Cast, book: StrikeBook): Step[] {
  const delayMsMax = pick(random, DELAY_MS_MAX);
  const commands = story.commands.map((command) => after(ms(between(random, 0, delayMsMax)), tried(command)));
  const told = sequence(...commands);
  // Under load, and not after it: in the midst of what hosts write.
  const begun = chance(random, 0.5)
    ? when(written(pick(random, cast.primaries), acrossOrders(random, 1, 16)), told)
    : told;
  if (swarm.strikesMax === 0 || !chance(random, STRUCK)) return [begun];
  return [begun, drawTurn(random.fork("turn"), story, swarm, cast, book)];
}

/** A fault where the story is just at something, or a little later: most often at the system that is. */
function drawTurn(random: Random, story: Story, swarm: Swarm, cast: Cast, book: StrikeBook): Step {
  const { systems } = cast.topology;
  const { at, disks = [] } = story;
  const place = chance(random, 0.5) ? at[0] : pick(random, at);
  const system = systems.find(({ name }) => name === place) ?? pick(random, systems);
  const blow = drawBlow(
    random.fork("blow"),
    pick(random, [...swarm.faults, ...ENDS, ...disks.map(() => "eio" as const)]),
    chance(random, 0.7) ? system : pick(random, systems),
    cast,
    book,
    { disks },
  );
  const condition = drawTurningPoint(random, story, system.name);
  if (chance(random, 0.7)) return when(condition, ...stepsOf(blow));
  return when(condition, { kind: "after", delayMs: acrossOrders(random, 1, 30), steps: stepsOf(blow) });
}

function drawTurningPoint(random: Random, { steps, copies }: Story, system: string): Condition {
  if (copies === undefined || !chance(random, COPYING))
    return step(system, pick(random, steps), pick(random, [1, 1, 1, 2]));
  const fraction = pick(random, [0, 0.3, 0.6]);
  return copies.of === "resync"
    ? progress("resync", copies.name, fraction)
    : progress("restore", copies.name, fraction);
}

function when(condition: Condition, ...steps: readonly Step[]): Step {
  return { kind: "when", condition, steps, withinMs: WITHIN_MS };
}

/** Whether it is refused or not; what is no command is done. */
function tried(step: Step): Step {
  return NO_COMMANDS.has(step.kind) ? step : attempt(step, REFUSAL);
}
