import type { Plan } from "../../plan/index.ts";
import { leaves } from "./steps.ts";

/** How much a person has to read. */
export interface PlanSize {
  /** Without those that are only around others, such as `together`. */
  readonly steps: number;
  /** Of these. */
  readonly faults: number;
  readonly volumes: number;
}

export function planSize({ steps, topology }: Plan): PlanSize {
  const all = [...leaves(steps)];
  return {
    steps: all.length,
    faults: all.filter(({ kind }) => kind === "inject").length,
    volumes: topology.systems.reduce((sum, { volumes }) => sum + volumes.length, 0),
  };
}
