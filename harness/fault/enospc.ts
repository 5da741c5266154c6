import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { diskNameSchema } from "./bounds.ts";
import { triggerOf, triggerShape } from "./disk-trigger.ts";
import { counted, type Fault } from "./fault.ts";

export interface Enospc<D extends string = string> extends DiskFaultTrigger {
  readonly kind: "enospc";
  readonly disk: D;
}

/** On one disk, writes fail with ENOSPC. */
export const enospc: Fault<Enospc> = {
  kind: "enospc",
  meaning: "writes fail with ENOSPC",
  schema: z.strictObject({
    kind: z.literal("enospc"),
    disk: diskNameSchema,
    ...triggerShape,
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, params) => world.disk(params.disk).inject({ kind: "enospc", ...triggerOf(params) }),
  effective: (effects) => counted(effects),
};
