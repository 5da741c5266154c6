import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { diskNameSchema } from "./bounds.ts";
import { type DiskRequestKind, requestKindsSchema, triggerOf, triggerShape } from "./disk-trigger.ts";
import { counted, type Fault } from "./fault.ts";

export interface Eio<D extends string = string> extends DiskFaultTrigger {
  readonly kind: "eio";
  readonly disk: D;
  readonly on: readonly DiskRequestKind[];
}

/** On one disk, requests fail with EIO. */
export const eio: Fault<Eio> = {
  kind: "eio",
  meaning: "requests fail with EIO",
  schema: z.strictObject({
    kind: z.literal("eio"),
    disk: diskNameSchema,
    on: requestKindsSchema,
    ...triggerShape,
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, params) => world.disk(params.disk).inject({ kind: "eio", on: params.on, ...triggerOf(params) }),
  effective: (effects) => counted(effects),
};
