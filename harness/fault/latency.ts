import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Latency<L extends string = string> {
  readonly kind: "latency";
  readonly link: L;
  readonly direction: Direction;
  readonly latencyMs: number;
  readonly jitterMs?: number;
}

/** Toxiproxy's `latency`: every chunk in one direction arrives later. */
export const latency: Fault<Latency> = {
  kind: "latency",
  meaning: "every chunk in one direction arrives later",
  schema: z.strictObject({
    kind: z.literal("latency"),
    link: nameSchema,
    direction: directionSchema,
    latencyMs: z.number().int().min(0).max(3_600_000),
    jitterMs: z.number().int().min(0).max(3_600_000).exactOptional(),
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) =>
    world
      .link(params.link)
      .toxic("latency", params.direction, { latency: params.latencyMs, jitter: params.jitterMs ?? 0 }),
  effective: (effects) => counted(effects),
};
