import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { diskNameSchema } from "./bounds.ts";
import { triggerOf, triggerShape } from "./disk-trigger.ts";
import { counted, type Fault } from "./fault.ts";

export interface LostWrite<D extends string = string> extends DiskFaultTrigger {
  readonly kind: "lost-write";
  readonly disk: D;
}

/** On one disk, writes are acknowledged and never applied. */
export const lostWrite: Fault<LostWrite> = {
  kind: "lost-write",
  meaning: "writes are acknowledged and never applied",
  schema: z.strictObject({
    kind: z.literal("lost-write"),
    disk: diskNameSchema,
    ...triggerShape,
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, params) => world.disk(params.disk).inject({ kind: "lost-write", ...triggerOf(params) }),
  effective: (effects) => counted(effects),
};
