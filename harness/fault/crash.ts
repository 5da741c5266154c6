import { z } from "zod";
import type { CrashKind, PowerLossChoice, Unflushed } from "../world/world.ts";
import { diskNameSchema, nameSchema } from "./bounds.ts";
import { counted, type Fault } from "./fault.ts";

/** With `survive` or `lose`, of a loss of power only, it is said what happens to each unflushed sector. */
export interface Crash<S extends string = string, D extends string = string> extends PowerLossChoice<D> {
  readonly kind: "crash";
  readonly system: S;
  readonly how: CrashKind;
}

/** Requests that a choice names. */
const CHOICE_MAX = 4096;
/** As far back as a disk can hold something that is not durable. */
const LATEST_MAX = 65_536;
const sectorSchema = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31);

const unflushedSchema: z.ZodType<Unflushed> = z.strictObject({
  disk: diskNameSchema,
  latest: z.number().int().min(1).max(LATEST_MAX),
  sectors: z
    .tuple([sectorSchema, sectorSchema])
    .refine(([from, to]) => from < to, "sectors are half-open: the first, and one past the last")
    .exactOptional(),
});
const choiceSchema = z.array(unflushedSchema).max(CHOICE_MAX).exactOptional();

/** The program of a system dies at once; with power, unflushed sectors may be lost and sockets vanish. */
export const crash: Fault<Crash> = {
  kind: "crash",
  meaning: "the program of a system dies at once; with power, unflushed sectors may be lost and sockets vanish",
  schema: z
    .strictObject({
      kind: z.literal("crash"),
      system: nameSchema,
      how: z.enum(["kill", "power"]),
      survive: choiceSchema,
      lose: choiceSchema,
    })
    .refine(({ survive, lose }) => survive === undefined || lose === undefined, "either survive or lose, not both")
    .refine(
      ({ how, survive, lose }) => how === "power" || (survive === undefined && lose === undefined),
      "only a loss of power loses anything",
    ),
  realisedIn: { sim: "exact", containers: "exact" },
  on: (params) => params.system,
  apply: (world, params) => world.system(params.system).crash(params.how, choiceOf(params)),
  effective: (effects) => counted(effects),
};

/** What is said of unflushed sectors; `undefined` if chance decides. */
function choiceOf({ survive, lose }: Crash): PowerLossChoice | undefined {
  if (survive !== undefined) return { survive };
  return lose === undefined ? undefined : { lose };
}
