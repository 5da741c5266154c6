import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Bandwidth<L extends string = string> {
  readonly kind: "bandwidth";
  readonly link: L;
  readonly direction: Direction;
  readonly rateKBps: number;
}

/** Toxiproxy's `bandwidth`: one direction carries at most so many bytes a second, per connection. */
export const bandwidth: Fault<Bandwidth> = {
  kind: "bandwidth",
  meaning: "one direction carries at most so many bytes a second, per connection",
  schema: z.strictObject({
    kind: z.literal("bandwidth"),
    link: nameSchema,
    direction: directionSchema,
    rateKBps: z.number().int().min(1).max(10_000_000),
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) => world.link(params.link).toxic("bandwidth", params.direction, { rate: params.rateKBps }),
  effective: (effects) => counted(effects),
};
