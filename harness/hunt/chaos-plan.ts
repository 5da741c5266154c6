import type { Random } from "../../engine/ports/index.ts";
import { KiB, MiB } from "../plan/mirror.ts";
import {
  attempt,
  create,
  fill,
  group,
  mirror,
  type Plan,
  parsePlan,
  split,
  withImages,
  withJournals,
  withTracker,
  write,
} from "../plan/index.ts";
import { PLAN_SCHEMA_VERSION } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { Topology, TopologyPair } from "../plan/topology.ts";
import { SimRandom } from "../world/sim/sim-random.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import { CHAOS_KINDS, type ChaosKind, drawFault, fits, laneOf, type TimedFault } from "./chaos-fault.ts";
import { drawLoad, drawRequests, drawTouch } from "./chaos-load.ts";

export interface ChaosPlanOptions {
  /** Faults are of these kinds only; of all without. Not empty. */
  readonly kinds?: readonly ChaosKind[];
  /** For about so long faults strike; 5 to 14 s, as the seed says, without. */
  readonly faultMs?: number;
}

/** An administrator's command during the faults may end so; anything else is a failure of the round. */
const REFUSALS = [
  "BUSY",
  "DISK_FAILED",
  "DIVERGED",
  "DOWN",
  // Of the read of an image; and the disk's failures.
  "EIO",
  "GONE",
  "REFUSED",
  "ILLEGAL_TRANSITION",
  "LINK_DOWN",
  "NOT_CONSISTENT",
  "NOT_DUPLEX",
  "PEER_ALIVE",
  "UNANSWERED",
  "WRONG_ROLE",
] as const;
/** Faults that fit nowhere are left out after so many draws in all. */
const DRAWS_PER_FAULT = 4;
/** The bound within which everything comes to rest once faults are over (L). */
const REST_MS = 60_000;

/**
 * One round of a chaos experiment, some 20 to 40 s of real time: mirrors are made and their steady state is checked,
 * faults strike under load and overlap, all of them are healed, and the steady state is checked again. The same
 * arguments give the same plan. It runs in every world that has the faults of `kinds`.
 *
 * @param seed of the campaign
 * @param round from 1
 */
export function chaosPlan(seed: number, round: number, options: ChaosPlanOptions = {}): Plan {
  const random = new SimRandom(String(seed)).fork("chaos").fork(String(round));
  const topology = drawTopology(random.fork("topology"));
  const faultMs = options.faultMs ?? between(random.fork("time"), 5_000, 14_000);
  return parsePlan({
    schemaVersion: PLAN_SCHEMA_VERSION,
    name: `chaos, seed ${seed}, round ${round}: ${describeTopology(topology)}`,
    requirements: ["HX-9"],
    topology,
    steps: [
      ...before(random.fork("before"), topology),
      during(random, topology, faultMs, options.kinds ?? CHAOS_KINDS),
      ...after(random.fork("after"), topology),
    ],
    expect: [{ kind: "converged", withinMs: REST_MS }],
  });
}

/** For people, short: `sync mirror of 1.3 MiB, tracks of 8 KiB, tracker lsn`. */
export function describeTopology({ systems, pairs }: Topology): string {
  const { sizeBytes = 0, trackBytes = 0 } = systems[0]?.volumes[0] ?? {};
  const { mode = "sync", tracker = "bitmap" } = pairs[0] ?? {};
  const extras = systems.flatMap(({ images = [], journals = [] }) => [
    ...images.map(({ method }) => `, images ${method}`),
    ...(journals.length > 0 ? [", journals"] : []),
  ]);
  const what = pairs.length === 1 ? "mirror" : `group of ${pairs.length} mirrors`;
  const size = sizeBytes < MiB(1) ? `${(sizeBytes / KiB(1)).toFixed(1)} KiB` : `${(sizeBytes / MiB(1)).toFixed(2)} MiB`;
  return `${mode} ${what} of ${size}, tracks of ${trackBytes / KiB(1)} KiB, tracker ${tracker}${extras[0] ?? ""}`;
}

function drawTopology(random: Random): Topology {
  const shape = {
    mode: pick(random, ["sync", "async"] as const),
    // Odd ones too: the last track is partial, and there may be only one.
    sizeBytes: acrossOrders(random, 63, 6000) * 512,
    trackBytes: pick(random, [512, KiB(4), KiB(8), KiB(64)]),
  };
  const tracker = pick(random, ["bitmap", "lsn"] as const);
  const made: Topology = pick(random, [1, 1, 2]) === 1 ? mirror(shape) : group(["data", "log"], shape);
  return drawExtras(random.fork("extras"), withTracker(made, tracker));
}

/** Images of every volume, journals of the primaries, or neither. */
function drawExtras(random: Random, topology: Topology): Topology {
  const { pairs } = topology;
  switch (pick(random, ["none", "none", "images", "journals"] as const)) {
    case "none":
      return topology;
    case "images": {
      const method = pick(random, ["old-data", "reserved-area"] as const);
      return withImages(
        topology,
        pairs.flatMap(({ primary, secondary }) => [primary, secondary]),
        { method },
      );
    }
    case "journals":
      return withJournals(
        topology,
        pairs.map(({ primary }) => primary),
      );
  }
}

const names = ({ pairs }: Topology): string[] => pairs.map(({ name }) => name);
const steady = (topology: Topology): Step => ({ kind: "steady", pairs: names(topology), withinMs: REST_MS });

/** The mirrors are made, hosts use them, and all is well: else nothing that follows would mean anything. */
function before(random: Random, topology: Topology): Step[] {
  const { pairs } = topology;
  return [
    ...pairs.map(({ primary }) => write(primary, fill("before"))),
    ...names(topology).map((pair) => create(pair)),
    steady(topology),
    together(pairs.map(({ primary }) => drawRequests(random.fork(primary), primary))),
    steady(topology),
  ];
}

function during(random: Random, topology: Topology, faultMs: number, kinds: readonly ChaosKind[]): Step {
  const loads = topology.pairs.flatMap(({ primary, secondary }) => [
    ...drawLoad(random.fork(`load/${primary}`), primary, faultMs),
    // Refused but after a takeover, a swap, or a split that lets it write.
    drawTouch(random.fork(`load/${secondary}`), secondary, faultMs),
  ]);
  const faults = drawFaults(random.fork("faults"), topology, faultMs, kinds);
  const commands = drawCommands(random.fork("administration"), topology, faultMs);
  return together([...loads, ...commands, ...faults.map((fault) => laneOf(fault, topology))]);
}

function drawFaults(random: Random, topology: Topology, faultMs: number, kinds: readonly ChaosKind[]): TimedFault[] {
  const wanted = between(random.fork("count"), 2, 3) + Math.floor(faultMs / 2500);
  const faults: TimedFault[] = [];
  for (let draw = 1; draw <= wanted * DRAWS_PER_FAULT && faults.length < wanted; draw++) {
    const fault = drawFault(random.fork(String(draw)), topology, kinds, faultMs, `fault-${draw}`);
    if (fits(fault, faults, topology)) faults.push(fault);
  }
  return faults;
}

/** What operators do meanwhile, fitting or not. */
function drawCommands(random: Random, topology: Topology, faultMs: number): Step[] {
  const { systems, pairs } = topology;
  const imaged = systems.flatMap(({ images = [] }) => images.map(({ volume }) => volume));
  const count = pick(random, [0, 1, 2, 3, 5]);
  return Array.from({ length: count }, (_, index): Step => {
    const own = random.fork(String(index));
    const delayMs = between(own, 0, faultMs);
    const { name } = pick(own, pairs);
    const at = pick(own, [...systems.map((system) => ({ at: system.name })), {}]);
    const commands: readonly Step[] = [
      split(name, at),
      split(name, { ...at, secondary: "read-write" }),
      { kind: "resync", pair: name, ...at },
      { kind: "resync", pair: name, direction: "forward", ...at },
      { kind: "resync", pair: name, direction: "reverse", ...at },
      { kind: "failback", pair: name, ...at },
      { kind: "takeover", pair: name },
      ...imaged.map((volume): Step => ({ kind: "read-image", volume })),
    ];
    return { kind: "after", delayMs, steps: [attempt(pick(own, commands), ...REFUSALS)] };
  });
}

/** All is up again; what operators left apart is brought together; hosts are served, and the mirrors are equal. */
function after(random: Random, topology: Topology): Step[] {
  const { systems, pairs } = topology;
  return [
    ...systems.map(({ name }): Step => ({ kind: "restart", system: name })),
    ...pairs.map(
      ({ name }): Step => ({ kind: "wait", condition: { kind: "connected", pair: name }, withinMs: REST_MS }),
    ),
    ...pairs.map(broughtTogether),
    steady(topology),
    together(
      pairs
        .flatMap(({ primary, secondary }) => [primary, secondary])
        .map((volume) => drawRequests(random.fork(volume), volume)),
    ),
    steady(topology),
  ];
}

/** Forward, or if the primary holds half of a resync, in reverse; not at all if the pair is not apart. */
function broughtTogether({ name }: TopologyPair): Step {
  const ifApart = (direction: "forward" | "reverse"): Step => ({
    kind: "when",
    condition: { kind: "status", pair: name, status: "SPLIT", at: "primary" },
    steps: [
      attempt({ kind: "resync", pair: name, direction }, ...REFUSALS),
      {
        kind: "after",
        delayMs: 300,
        steps: [{ kind: "wait", condition: { kind: "connected", pair: name }, withinMs: REST_MS }],
      },
    ],
    withinMs: 0,
  });
  return { kind: "repeat", times: 3, steps: [ifApart("forward"), ifApart("reverse")] };
}

const together = (steps: readonly Step[]): Step => ({ kind: "together", steps });
