import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { diskNameSchema } from "./bounds.ts";
import { triggerOf, triggerShape } from "./disk-trigger.ts";
import { counted, type Fault } from "./fault.ts";

export interface TornWrite<D extends string = string> extends DiskFaultTrigger {
  readonly kind: "torn-write";
  readonly disk: D;
  readonly sectors: number;
}

/** On one disk, a write persists only its first sectors, and the power of its system is lost at that moment. */
export const tornWrite: Fault<TornWrite> = {
  kind: "torn-write",
  meaning: "a write persists only its first sectors, and the power of its system is lost at that moment",
  schema: z.strictObject({
    kind: z.literal("torn-write"),
    disk: diskNameSchema,
    sectors: z.number().int().min(0).max(2048),
    ...triggerShape,
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, params) =>
    world.disk(params.disk).inject({ kind: "torn-write", sectors: params.sectors, ...triggerOf(params) }),
  effective: (effects) => counted(effects),
};
