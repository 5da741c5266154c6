import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Hold<L extends string = string> {
  readonly kind: "hold";
  readonly link: L;
  readonly direction: Direction;
}

/** One direction stalls; healing releases every byte in order, so live connections survive it. */
export const hold: Fault<Hold> = {
  kind: "hold",
  meaning: "one direction of the link stalls; healing releases every byte in order",
  schema: z.strictObject({ kind: z.literal("hold"), link: nameSchema, direction: directionSchema }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) => world.link(params.link).hold(params.direction),
  effective: (effects) => counted(effects),
};
