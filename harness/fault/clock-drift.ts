import { z } from "zod";
import { nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface ClockDrift<S extends string = string> {
  readonly kind: "clock-drift";
  readonly system: S;
  readonly partsPerMillion: number;
}

/** The clock of a system runs fast (positive) or slow. */
export const clockDrift: Fault<ClockDrift> = {
  kind: "clock-drift",
  meaning: "the clock of a system runs fast (positive) or slow",
  schema: z.strictObject({
    kind: z.literal("clock-drift"),
    system: nameSchema,
    partsPerMillion: z.number().int().min(-100_000).max(100_000),
  }),
  realisedIn: { sim: "exact", containers: "impossible" },
  on: (params) => params.system,
  apply: (world, params) => world.system(params.system).driftClock(params.partsPerMillion),
  effective: (effects) => counted(effects),
};
