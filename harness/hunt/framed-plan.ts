import {
  attempt,
  converged,
  create,
  deletePair,
  fill,
  heal,
  mark,
  type Plan,
  restart,
  status,
  together,
  wait,
  write,
} from "../plan/index.ts";
import { PLAN_SCHEMA_VERSION } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { reunited } from "./reunited.ts";
import type { Cast } from "./swarm-cast.ts";
import { markable } from "./swarm-commands.ts";
import type { Swarm } from "./swarm.ts";

export interface PlanFrame {
  readonly name: string;
  readonly requirement: string;
  readonly cast: Cast;
  readonly swarm: Pick<Swarm, "settles">;
  /** Safety: commands and faults under load. */
  readonly rounds: readonly Step[];
  /** Faults of the rounds have the labels `f1` to so many. */
  readonly labelCount: number;
  /** Pairs may have been deleted: they are made again. */
  readonly remakes: boolean;
  /** What hosts do when all is well again. */
  readonly served?: readonly Step[];
}

/** A random plan: its systems are made ready, the rounds follow, and then the mirrors must come together. */
export function framedPlan(frame: PlanFrame): Plan {
  const { name, requirement, cast, swarm, rounds, served = [] } = frame;
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    name,
    requirements: [requirement],
    topology: cast.topology,
    steps: [...before(cast, swarm), ...rounds, ...healed(frame), ...served],
    expect: [converged()],
    mayRefuse: true,
  };
}

/** Every pair is made, and the moments have names. */
function before(cast: Cast, { settles }: PlanFrame["swarm"]): Step[] {
  const { topology, primaries, journaled } = cast;
  const pairs = topology.pairs.map(({ name }) => name);
  const steps: Step[] = primaries.map((volume) => write(volume, fill("at first")));
  steps.push(...pairs.map((pair) => create(pair)));
  if (journaled.length > 0) steps.push(mark("m1", markable(cast)), mark("m2", markable(cast)));
  if (settles) for (const pair of pairs) steps.push(wait(status(pair, "DUPLEX")));
  return steps;
}

/** A pair that only one end knows, as its making or its end was interrupted there, is deleted there, and made again. */
function madeAgain(pair: string): Step {
  const isApart = { kind: "status", pair, status: "SPLIT", at: "primary" } as const;
  return { kind: "when", condition: isApart, steps: [attempt(deletePair(pair), "REFUSED"), create(pair)], withinMs: 0 };
}

/** Liveness: whatever struck is over, and whom operators left apart, or without a pair, they bring together. */
function healed({ cast: { topology, remotes, locals }, labelCount, remakes }: PlanFrame): Step[] {
  const steps: Step[] = [
    ...Array.from({ length: labelCount }, (_, index) => heal(`f${index + 1}`)),
    // Stories cut links by their names; who was to heal one may have waited in vain.
    ...topology.links.map(({ name }) => heal(name)),
    ...topology.systems.map(({ name }) => restart(name)),
  ];
  if (remakes) steps.push(...topology.pairs.map(({ name }) => create(name)));
  if (remotes.length > 0) steps.push(together(...remotes.map(reunited)));
  if (remakes) {
    const deletable = [...remotes, ...locals].slice(0, -1).filter(({ link }) => link !== undefined);
    steps.push(...deletable.map(({ name }) => madeAgain(name)));
  }
  return steps;
}
