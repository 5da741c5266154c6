import { z } from "zod";
import { nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Pause<S extends string = string> {
  readonly kind: "pause";
  readonly system: S;
}

/** The program of a system stops without its knowledge; its kernel goes on. */
export const pause: Fault<Pause> = {
  kind: "pause",
  meaning: "the program of a system stops without its knowledge; its kernel goes on",
  schema: z.strictObject({ kind: z.literal("pause"), system: nameSchema }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.system,
  apply: (world, params) => world.system(params.system).pause(),
  effective: (effects) => counted(effects),
};
