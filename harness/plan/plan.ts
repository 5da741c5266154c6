import { z } from "zod";
import { checkNames } from "./check-names.ts";
import { type Expectation, expectationSchema } from "./expectation.ts";
import { misfitOf } from "./misfit.ts";
import { PlanError } from "./plan-error.ts";
import type { Step } from "./step.ts";
import { STEPS_MAX, stepSchema } from "./step-schema.ts";
import { type Names, type Topology, topologySchema } from "./topology.ts";

/** Grows when a plan of before would be read differently. */
export const PLAN_SCHEMA_VERSION = 1;

/** Steps inside steps inside steps. */
const STEP_DEPTH_MAX = 16;

/** A scenario as data (rule 7): plain JSON, the same in every world. */
export interface Plan<N extends Names = Names> {
  readonly schemaVersion: typeof PLAN_SCHEMA_VERSION;
  /** One line for people. */
  readonly name: string;
  /** Identifiers of `requirements`: `BR-3`. */
  readonly requirements: readonly string[];
  readonly topology: Topology;
  readonly steps: readonly Step<N>[];
  readonly expect: readonly Expectation<N>[];
  /**
   * Refused commands and requests, and waits that take too long, are no failure. Operator and hosts are persistent:
   * what nobody was there to do, or to answer, is asked for again (see `docs/scenarios.md`).
   */
  readonly mayRefuse?: boolean;
  /** An operator does what the plan leaves undone, and no engine can do by itself (see `docs/scenarios.md`). */
  readonly attended?: boolean;
}

/** Shape and bounds of a plan. {@link parsePlan} also checks names and depth. */
export const planSchema: z.ZodType<Plan> = z.strictObject({
  schemaVersion: z.literal(PLAN_SCHEMA_VERSION),
  name: z.string().min(1).max(200),
  requirements: z.array(z.string().regex(/^[A-Z]{2}-\d{1,2}[a-z]?$/, "an identifier such as BR-3")).max(64),
  topology: topologySchema,
  steps: z.array(stepSchema).min(1).max(STEPS_MAX),
  expect: z.array(expectationSchema).max(64),
  mayRefuse: z.boolean().exactOptional(),
  attended: z.boolean().exactOptional(),
});

/**
 * Reads a plan from plain data.
 * @throws PlanError with the first place that is wrong
 */
export function parsePlan(data: unknown): Plan {
  checkDepth(data);
  const parsed = planSchema.safeParse(data);
  if (!parsed.success) {
    const { path, found, expected } = misfitOf(data, parsed.error);
    throw new PlanError(path, found, expected);
  }
  checkNames(parsed.data);
  return parsed.data;
}

/** Before anything recursive looks at the data. */
function checkDepth(data: unknown): void {
  let level: unknown[] = [data];
  // Steps nest by two levels of JSON each; the plan itself and the deepest fault add eight.
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > 2 * STEP_DEPTH_MAX + 8)
      throw new PlanError("steps", "steps nested too deep", `at most ${STEP_DEPTH_MAX} levels`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      for (const child of Object.values(value)) if (typeof child === "object" && child !== null) next.push(child);
    }
    if (next.length > 32 * STEPS_MAX)
      throw new PlanError("steps", `${next.length} values on one level`, `at most ${STEPS_MAX} steps`);
    level = next;
  }
}
