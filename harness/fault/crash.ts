import { z } from "zod";
import type { CrashKind } from "../world/world.ts";
import { nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Crash<S extends string = string> {
  readonly kind: "crash";
  readonly system: S;
  readonly how: CrashKind;
}

/** The program of a system dies at once; with power, unflushed sectors may be lost and sockets vanish. */
export const crash: Fault<Crash> = {
  kind: "crash",
  meaning: "the program of a system dies at once; with power, unflushed sectors may be lost and sockets vanish",
  schema: z.strictObject({ kind: z.literal("crash"), system: nameSchema, how: z.enum(["kill", "power"]) }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.system,
  apply: (world, params) => world.system(params.system).crash(params.how),
  effective: (effects) => counted(effects),
};
