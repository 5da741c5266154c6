import { z } from "zod";
import { nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

export interface Cut<L extends string = string> {
  readonly kind: "cut";
  readonly link: L;
}

/** The link is gone: connections close, bytes on the way are lost, new connections are refused. */
export const cut: Fault<Cut> = {
  kind: "cut",
  meaning: "the link is gone: connections close, bytes on the way are lost, new connections are refused",
  schema: z.strictObject({ kind: z.literal("cut"), link: nameSchema }),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.link,
  apply: (world, params) => world.link(params.link).cut(),
  effective: (effects) => counted(effects),
};
