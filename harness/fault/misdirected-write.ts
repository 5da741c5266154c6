import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { diskNameSchema, offsetBytesSchema } from "./bounds.ts";
import { triggerOf, triggerShape } from "./disk-trigger.ts";
import { counted, type Fault } from "./fault.ts";

export interface MisdirectedWrite<D extends string = string> extends DiskFaultTrigger {
  readonly kind: "misdirected-write";
  readonly disk: D;
  readonly toOffsetBytes: number;
}

/** On one disk, writes land at another offset. */
export const misdirectedWrite: Fault<MisdirectedWrite> = {
  kind: "misdirected-write",
  meaning: "writes land at another offset",
  schema: z.strictObject({
    kind: z.literal("misdirected-write"),
    disk: diskNameSchema,
    toOffsetBytes: offsetBytesSchema,
    ...triggerShape,
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, params) =>
    world
      .disk(params.disk)
      .inject({ kind: "misdirected-write", toOffsetBytes: params.toOffsetBytes, ...triggerOf(params) }),
  effective: (effects) => counted(effects),
};
