import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { diskNameSchema } from "./bounds.ts";
import { triggerOf, triggerShape } from "./disk-trigger.ts";
import { counted, type Fault } from "./fault.ts";

export interface BitFlip<D extends string = string> extends DiskFaultTrigger {
  readonly kind: "bit-flip";
  readonly disk: D;
  readonly bitIndex: number;
}

/** On one disk, one bit of what is written flips on the way to the medium. */
export const bitFlip: Fault<BitFlip> = {
  kind: "bit-flip",
  meaning: "one bit of what is written flips on the way to the medium",
  schema: z.strictObject({
    kind: z.literal("bit-flip"),
    disk: diskNameSchema,
    bitIndex: z
      .number()
      .int()
      .min(0)
      .max(2 ** 33),
    ...triggerShape,
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, params) =>
    world.disk(params.disk).inject({ kind: "bit-flip", bitIndex: params.bitIndex, ...triggerOf(params) }),
  effective: (effects) => counted(effects),
};
