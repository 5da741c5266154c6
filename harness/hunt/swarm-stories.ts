import { chance, type Random } from "../../engine/ports/index.ts";
import type { Condition } from "../plan/condition.ts";
import { after, attempt, ms, progress, sequence, step, together, written } from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import type { TopologySystem } from "../plan/topology.ts";
import { metaDiskOf } from "../plan/meta-disk.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import type { StrikeBook } from "./strike-book.ts";
import { endOf } from "./story-end.ts";
import { type Story, storiesOf } from "./story-list.ts";
import { type Blow, drawBlow, stepsOf, stepsWithin } from "./swarm-blows.ts";
import type { Cast } from "./swarm-cast.ts";
import { drawLoad } from "./swarm-load.ts";
import type { Swarm, SwarmFault } from "./swarm.ts";

/** Any refusal is fine by the plan; this one is only named because a step must name one. */
const REFUSAL = "REFUSED";
/** Longest time between two commands of a story. */
const DELAY_MS_MAX = [0, 3, 10, 30, 60] as const;
/** Part of the commands after which an operator waits for what they began, before the next one; drawn for each story. */
const PATIENCES = [0, 0.5, 1] as const;
/** Part of the commands beside which hosts write; drawn for each story. */
const COMPANIES = [0, 0.5, 1] as const;
const COMPANY_WRITES_MAX = 24;
/** Part of the stories with a fault in their midst, and of those with another one. */
const STRUCK = 0.75;
const STRUCK_TWICE = 0.25;
/** Part of the faults in stories that are of a disk which the story's programs use just then. */
const DISKS = 0.5;
const WRITE_FAULTS = ["eio", "enospc", "stall"] as const;
/** Steps that the program follows with a write to the story's own disks; others are followed by one to its metadata. */
const WRITES_ASIDE = /^(?:journal|image|backup|local)\./;
/** Part of those, where there is something to read, that make a copy last. */
const READS = 0.35;
const READ_FAULTS = ["eio", "stall"] as const;
/** Part of the others that make a link slow. */
const SLOW_LINKS = 0.3;
const LINK_FAULTS = ["bandwidth", "bandwidth", "latency", "slicer"] as const;
/** Part of the faults that last with another one within them; it strikes so much later. */
const WITHIN = 0.5;
const WITHIN_DELAYS_MS = [0, 1, 5, 20] as const;
const DISK_SECONDS = ["power", "power", "kill", "cut", "cut"] as const;
const LINK_SECONDS = ["cut", "cut", "power"] as const;
/** Part of the faults in stories that come with the load. */
const LOADED = 0.25;
/** Part of the faults in stories that come when a part of a copy is done, where there is one. */
const COPYING = 0.5;
/** Faults that a story always may have, whatever else the plan has. */
const ENDS = ["power", "power", "cut", "cut"] as const;
/** Longer than a program waits before it tries again what a disk has refused. */
const WITHIN_MS = 2_500;
const NO_COMMANDS: ReadonlySet<Step["kind"]> = new Set(["mark", "inject", "heal", "restart"]);

/** Where a story is told. */
interface Scene {
  readonly swarm: Swarm;
  readonly cast: Cast;
  readonly book: StrikeBook;
}

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
    if (kinds.length > 0) lanes.push(...lanesOf(own, pick(own, pick(own, kinds)), { swarm, cast, book }));
  }
  return lanes;
}

function lanesOf(random: Random, story: Story, scene: Scene): Step[] {
  const { swarm, cast } = scene;
  const told = sequence(...drawTelling(random, story));
  // Under load, and not after it: in the midst of what hosts write.
  const begun = chance(random, 0.5)
    ? when(written(pick(random, cast.primaries), acrossOrders(random, 1, 16)), told)
    : told;
  if (swarm.strikesMax === 0 || !chance(random, STRUCK)) return [begun];
  const turns = [drawTurn(random.fork("turn"), story, scene)];
  if (chance(random, STRUCK_TWICE)) turns.push(drawTurn(random.fork("turn/2"), story, scene));
  return [begun, ...turns];
}

/**
 * The commands, one after the other: each a little after the answer to the one before, or when what that began is
 * through. Hosts go on beside some of them: the load of the round is often over by then.
 */
export function drawTelling(random: Random, { commands, at: [system = ""], volumes }: Story): readonly Step[] {
  const delayMsMax = pick(random, DELAY_MS_MAX);
  const patience = pick(random, PATIENCES);
  const company = pick(random, COMPANIES);
  const drawGiven = (command: Step, index: number): Step => {
    if (!chance(random, company)) return tried(command);
    const own = random.fork(`company/${index}`);
    return together(tried(command), drawLoad(own, pick(own, volumes), acrossOrders(own, 2, COMPANY_WRITES_MAX)));
  };
  const last = commands.length - 1;
  return commands.reduceRight<readonly Step[]>((rest, command, index) => {
    const given = after(ms(between(random, 0, delayMsMax)), drawGiven(command, index));
    const end = index < last && chance(random, patience) ? endOf(command, system) : undefined;
    if (end === undefined) return [given, ...rest];
    return [together(given, when(end, ...rest))];
  }, []);
}

/** A fault where the story is just at something, or a little later: most often at the system that is. */
function drawTurn(random: Random, story: Story, scene: Scene): Step {
  const { systems } = scene.cast.topology;
  const place = chance(random, 0.7) ? story.at[0] : pick(random, story.at);
  const system = systems.find(({ name }) => name === place) ?? pick(random, systems);
  const turn = random.fork("blow");
  if (chance(random, DISKS)) return drawDiskTurn(turn, story, system, scene);
  const condition = drawTurningPoint(random, story, system.name);
  const steps = drawTurnSteps(turn, system, scene);
  if (chance(random, 0.7)) return when(condition, ...steps);
  return when(condition, { kind: "after", delayMs: acrossOrders(random, 1, 30), steps });
}

/** A disk fails or hangs: one of those that something is brought from, or one that the step is followed by a write of. */
function drawDiskTurn(random: Random, story: Story, system: TopologySystem, scene: Scene): Step {
  const { disks, sources = [] } = story;
  const fails = pick(random, ["some", "all"] as const);
  const own = random.fork("first");
  if (sources.length > 0 && chance(random, READS)) {
    const aim = { disks: sources, requests: ["read"], fails } as const;
    const first = drawBlow(own, pick(random, READ_FAULTS), system, scene.cast, scene.book, aim);
    return when(drawTurningPoint(random, story, system.name), ...twofold(random, first, DISK_SECONDS, system, scene));
  }
  const name = pick(random, story.steps);
  const aim = { disks: WRITES_ASIDE.test(name) ? disks : [metaDiskOf(system.name)], fails };
  const first = drawBlow(own, pick(random, WRITE_FAULTS), system, scene.cast, scene.book, aim);
  const condition = chance(random, LOADED) ? loaded(random, story) : step(system.name, name);
  return when(condition, ...twofold(random, first, DISK_SECONDS, system, scene));
}

/** A link is slow, or any fault. */
function drawTurnSteps(random: Random, system: TopologySystem, scene: Scene): Step[] {
  const { swarm, cast, book } = scene;
  const own = random.fork("first");
  if (chance(random, SLOW_LINKS))
    return twofold(random, drawBlow(own, pick(random, LINK_FAULTS), system, cast, book), LINK_SECONDS, system, scene);
  const struck = chance(random, 0.7) ? system : pick(random, cast.topology.systems);
  return stepsOf(drawBlow(own, pick(random, [...swarm.faults, ...ENDS]), struck, cast, book));
}

/** While the first one lasts, perhaps the system or its link goes, too. */
function twofold(
  random: Random,
  first: Blow,
  seconds: readonly SwarmFault[],
  system: TopologySystem,
  { cast, book }: Scene,
): Step[] {
  if (!chance(random, WITHIN)) return stepsOf(first);
  const second = drawBlow(random.fork("second"), pick(random, seconds), system, cast, book);
  return stepsWithin(first, pick(random, WITHIN_DELAYS_MS), second);
}

function drawTurningPoint(random: Random, story: Story, system: string): Condition {
  const { steps, copies } = story;
  if (chance(random, LOADED)) return loaded(random, story);
  if (copies === undefined || !chance(random, COPYING))
    return step(system, pick(random, steps), pick(random, [1, 1, 1, 2]));
  const fraction = pick(random, [0, 0.3, 0.6]);
  return copies.of === "resync"
    ? progress("resync", copies.name, fraction)
    : progress("restore", copies.name, fraction);
}

/** With what hosts write: before the command that matters, too. */
function loaded(random: Random, { volumes }: Story): Condition {
  return written(pick(random, volumes), acrossOrders(random, 1, 16));
}

function when(condition: Condition, ...steps: readonly Step[]): Step {
  return { kind: "when", condition, steps, withinMs: WITHIN_MS };
}

/** Whether it is refused or not; what is no command is done. */
function tried(step: Step): Step {
  return NO_COMMANDS.has(step.kind) ? step : attempt(step, REFUSAL);
}
