import { z } from "zod";
import { diskNameSchema, lengthBytesSchema, offsetBytesSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface BitRot<D extends string = string> {
  readonly kind: "bit-rot";
  readonly disk: D;
  /** Where on the disk; anywhere without. */
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes: number };
  /** How many bits flip. */
  readonly bits: number;
}

/** On one disk, bits flip at rest, at once: in what lies there, not in what is written. */
export const bitRot: Fault<BitRot> = {
  kind: "bit-rot",
  meaning: "bits flip at rest, at once: in what lies there, not in what is written",
  schema: z.strictObject({
    kind: z.literal("bit-rot"),
    disk: diskNameSchema,
    range: z.strictObject({ offsetBytes: offsetBytesSchema, lengthBytes: lengthBytesSchema }).exactOptional(),
    bits: z.number().int().min(1).max(4096),
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.disk,
  apply: (world, { disk, range, bits }) =>
    world.disk(disk).inject({ kind: "bit-rot", bits, ...(range === undefined ? {} : { range }) }),
  effective: (effects) => counted(effects),
};
