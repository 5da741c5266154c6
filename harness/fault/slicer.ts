import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Slicer<L extends string = string> {
  readonly kind: "slicer";
  readonly link: L;
  readonly direction: Direction;
  readonly averageBytes: number;
  readonly variationBytes?: number;
  readonly delayUs?: number;
}

/** Toxiproxy's `slicer`: one direction arrives in small slices with a pause after each. */
export const slicer: Fault<Slicer> = {
  kind: "slicer",
  meaning: "one direction arrives in small slices with a pause after each",
  schema: z
    .strictObject({
      kind: z.literal("slicer"),
      link: nameSchema,
      direction: directionSchema,
      averageBytes: z.number().int().min(1).max(1_048_576),
      variationBytes: z.number().int().min(0).max(1_048_575).exactOptional(),
      delayUs: z.number().int().min(0).max(60_000_000).exactOptional(),
    })
    .refine((params) => (params.variationBytes ?? 0) < params.averageBytes, {
      path: ["variationBytes"],
      error: "must be below averageBytes",
    }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) =>
    world.link(params.link).toxic("slicer", params.direction, {
      average_size: params.averageBytes,
      size_variation: params.variationBytes ?? 0,
      delay: params.delayUs ?? 0,
    }),
  effective: (effects) => counted(effects),
};
