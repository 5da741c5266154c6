import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface LimitData<L extends string = string> {
  readonly kind: "limit-data";
  readonly link: L;
  readonly direction: Direction;
  readonly limitBytes: number;
}

/** Toxiproxy's `limit_data`: the connection closes after so many bytes in one direction, between any two bytes. */
export const limitData: Fault<LimitData> = {
  kind: "limit-data",
  meaning: "the connection closes after so many bytes in one direction, between any two bytes",
  schema: z.strictObject({
    kind: z.literal("limit-data"),
    link: nameSchema,
    direction: directionSchema,
    limitBytes: z
      .number()
      .int()
      .min(0)
      .max(2 ** 40),
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) => world.link(params.link).toxic("limit_data", params.direction, { bytes: params.limitBytes }),
  effective: (effects) => counted(effects),
};
