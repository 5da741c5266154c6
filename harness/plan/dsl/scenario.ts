import type { Expectation } from "../expectation.ts";
import { PLAN_SCHEMA_VERSION, type Plan, parsePlan } from "../plan.ts";
import type { Step } from "../step.ts";
import type { NamesOf, Topology } from "../topology.ts";

/**
 * A scenario: the default export of one file in `scenarios/`. Names in `steps` and `expect` are
 * checked against the topology by the compiler; bounds and the rest now. @throws PlanError
 */
export function scenario<const T extends Topology>(options: {
  readonly name: string;
  readonly requirements: readonly string[];
  readonly topology: T;
  readonly steps: readonly Step<NamesOf<T>>[];
  readonly expect: readonly Expectation<NamesOf<T>>[];
  readonly mayRefuse?: boolean;
  readonly attended?: boolean;
}): Plan {
  return parsePlan({ schemaVersion: PLAN_SCHEMA_VERSION, ...options });
}
