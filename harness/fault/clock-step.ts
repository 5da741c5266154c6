import { z } from "zod";
import { nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface ClockStep<S extends string = string> {
  readonly kind: "clock-step";
  readonly system: S;
  readonly stepMs: number;
}

/** The wall clock of a system jumps. */
export const clockStep: Fault<ClockStep> = {
  kind: "clock-step",
  meaning: "the wall clock of a system jumps",
  schema: z.strictObject({
    kind: z.literal("clock-step"),
    system: nameSchema,
    stepMs: z.number().int().min(-86_400_000).max(86_400_000),
  }),
  realisedIn: { sim: "exact", containers: "approximated" },
  on: (params) => params.system,
  apply: (world, params) => world.system(params.system).stepClock(params.stepMs),
  effective: (effects) => counted(effects),
};
