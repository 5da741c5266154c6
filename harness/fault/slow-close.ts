import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface SlowClose<L extends string = string> {
  readonly kind: "slow-close";
  readonly link: L;
  readonly direction: Direction;
  readonly delayMs: number;
}

/** Toxiproxy's `slow_close`: the end of a connection arrives late. */
export const slowClose: Fault<SlowClose> = {
  kind: "slow-close",
  meaning: "the end of a connection arrives late",
  schema: z.strictObject({
    kind: z.literal("slow-close"),
    link: nameSchema,
    direction: directionSchema,
    delayMs: z.number().int().min(0).max(3_600_000),
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) => world.link(params.link).toxic("slow_close", params.direction, { delay: params.delayMs }),
  effective: (effects) => counted(effects),
};
