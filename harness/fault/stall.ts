import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { diskNameSchema } from "./bounds.ts";
import { type DiskRequestKind, requestKindsSchema, triggerOf, triggerShape } from "./disk-trigger.ts";
import { counted, type Fault } from "./fault.ts";

export interface Stall<D extends string = string> extends DiskFaultTrigger {
  readonly kind: "stall";
  readonly disk: D;
  readonly on: readonly DiskRequestKind[];
}

/** On one disk, requests wait until the fault is healed. */
export const stall: Fault<Stall> = {
  kind: "stall",
  meaning: "requests wait until the fault is healed",
  schema: z.strictObject({
    kind: z.literal("stall"),
    disk: diskNameSchema,
    on: requestKindsSchema,
    ...triggerShape,
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, params) => world.disk(params.disk).inject({ kind: "stall", on: params.on, ...triggerOf(params) }),
  effective: (effects) => counted(effects),
};
