import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Timeout<L extends string = string> {
  readonly kind: "timeout";
  readonly link: L;
  readonly direction: Direction;
  readonly timeoutMs: number;
}

/** Toxiproxy's `timeout`: one direction drops everything; idle for the given time, the connection closes (0: never). */
export const timeout: Fault<Timeout> = {
  kind: "timeout",
  meaning: "one direction drops everything; idle for the given time, the connection closes (0: never)",
  schema: z.strictObject({
    kind: z.literal("timeout"),
    link: nameSchema,
    direction: directionSchema,
    timeoutMs: z.number().int().min(0).max(3_600_000),
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) => world.link(params.link).toxic("timeout", params.direction, { timeout: params.timeoutMs }),
  effective: (effects) => counted(effects),
};
