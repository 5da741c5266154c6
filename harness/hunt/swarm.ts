import { chance, type Random } from "../../engine/ports/index.ts";
import { between, pick } from "./chaos-draw.ts";

/** What of the systems a plan is about. */
export const SHAPES = ["mirror", "group", "cascade", "collection", "local"] as const;
export type Shape = (typeof SHAPES)[number];

/**
 * Faults that an engine must stand, whatever they do: it can know of each. A disk that acknowledges and does not do spoils
 * a mirror that has no second copy to compare with, and is none of them.
 */
export const SWARM_FAULTS = [
  "cut",
  "power",
  "kill",
  "torn-write",
  "eio",
  "enospc",
  "stall",
  "pause",
  "hold",
  "latency",
  "bandwidth",
  "slicer",
  "limit-data",
  "timeout",
  "slow-close",
  "reset-peer",
] as const;
export type SwarmFault = (typeof SWARM_FAULTS)[number];

/** When faults strike, and commands are given. */
export const MOMENTS = ["time", "step", "disk-write", "sent", "written", "progress"] as const;
export type Moment = (typeof MOMENTS)[number];

/** What administrators do. */
export const TASKS = [
  "split",
  "split-writable",
  "resync",
  "direction",
  "failback",
  "takeover",
  "delete",
  "backup",
  "restore",
  "rollback",
  "read-image",
  "recover",
  "swap",
  "recover-group",
] as const;
export type Task = (typeof TASKS)[number];

/**
 * What a plan has at all, and how much of it. A plan that has a little of everything seldom has enough of two things
 * that only fail together; so each seed leaves much out.
 */
export interface Swarm {
  readonly shape: Shape;
  readonly hasJournals: boolean;
  readonly hasImages: boolean;
  readonly hasLocals: boolean;
  readonly tasks: readonly Task[];
  readonly faults: readonly SwarmFault[];
  readonly moments: readonly Moment[];
  /** Times that faults strike under load, one after the other. */
  readonly rounds: number;
  /** Faults of a round, at most. */
  readonly strikesMax: number;
  /** Lanes of commands of a round, at most. */
  readonly lanesMax: number;
  /** Stories of a round, at most: commands that belong together. */
  readonly storiesMax: number;
  /** Times in a round that the disk of a volume refuses what hosts write. */
  readonly refusals: number;
  /** Of host writes in all; as many are trims or refused as their rates say. */
  readonly writes: number;
  /** Part of the commands that are given again while nobody answers; the others are given once. */
  readonly patience: number;
  /** Hosts rest before each round for so long that what was in use counts as in use no more. */
  readonly rests: boolean;
  /** Faults begin when everything is in step, not while it is being made. */
  readonly settles: boolean;
}

/** Draws what there is. */
export function drawSwarm(random: Random): Swarm {
  const systems = random.fork("systems");
  const shape = pick(systems, [
    "mirror",
    "mirror",
    "mirror",
    "group",
    "group",
    "cascade",
    "collection",
    "local",
  ] as const);
  const rates = random.fork("rates");
  const [writesMin, writesMax] = pick(rates, [
    [30, 100],
    [100, 200],
    [100, 300],
    [200, 300],
    [300, 600],
  ] as const);
  return {
    shape,
    hasJournals: chance(systems, 0.45),
    hasImages: chance(systems, 0.5),
    hasLocals: chance(systems, 0.4),
    tasks: someOf(random.fork("tasks"), TASKS, [0.25, 0.5, 0.75]),
    faults: someOf(random.fork("faults"), SWARM_FAULTS, [0.1, 0.2, 0.4]),
    moments: someOf(random.fork("moments"), MOMENTS, [0.3, 0.6]),
    rounds: between(rates, 1, 4),
    strikesMax: pick(rates, [0, 1, 2, 2, 3, 4]),
    lanesMax: pick(rates, [0, 1, 1, 2, 3]),
    storiesMax: pick(rates, [0, 0, 1, 1, 2]),
    writes: between(rates, writesMin, writesMax),
    patience: pick(rates, [0, 0, 0.2, 0.5]),
    settles: chance(rates, 0.7),
    rests: chance(random.fork("rests"), 0.35),
    refusals: pick(random.fork("refusals"), [0, 0, 0, 1, 2]),
  };
}

/** Each of `all` with a probability that is drawn first; one at least. */
function someOf<T>(random: Random, all: readonly T[], rates: readonly number[]): readonly T[] {
  const rate = pick(random, rates);
  const some = all.filter(() => chance(random, rate));
  return some.length > 0 ? some : [pick(random, all)];
}
