import { z } from "zod";
import type { Direction } from "../world/world.ts";
import { directionSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface ResetPeer<L extends string = string> {
  readonly kind: "reset-peer";
  readonly link: L;
  readonly direction: Direction;
  readonly timeoutMs: number;
}

/** Toxiproxy's `reset_peer`: the first chunk is dropped and the connection is reset after the given time. */
export const resetPeer: Fault<ResetPeer> = {
  kind: "reset-peer",
  meaning: "the first chunk is dropped and the connection is reset after the given time",
  schema: z.strictObject({
    kind: z.literal("reset-peer"),
    link: nameSchema,
    direction: directionSchema,
    timeoutMs: z.number().int().min(0).max(3_600_000),
  }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) =>
    world.link(params.link).toxic("reset_peer", params.direction, { timeout: params.timeoutMs }),
  effective: (effects) => counted(effects),
};
