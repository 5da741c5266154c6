import { z } from "zod";
import { INVARIANTS, type Invariant } from "../history/run-record.ts";
import { nameSchema } from "../fault/bounds.ts";
import { type Condition, conditionSchema } from "./condition.ts";
import { type FilesHold, filesHoldSchema } from "./file-step.ts";
import type { Names } from "./topology.ts";

/**
 * After the last step every fault is healed and every system runs; then, without another command,
 * every pair that was created becomes DUPLEX within the bound (L), with equal volumes (C).
 */
export interface Converged {
  readonly kind: "converged";
  readonly withinMs: number;
}

/**
 * A negative scenario: it passes only if the invariant failed, and if `fault` is given, only if a
 * blame names that fault's disk or link.
 */
export interface Violates {
  readonly kind: "violates";
  readonly invariant: Invariant;
  /** The kind of the fault that is to blame. */
  readonly fault?: string;
}

/** The condition is true at the end. */
export interface Holds<N extends Names = Names> {
  readonly kind: "holds";
  readonly condition: Condition<N>;
}

/** An outside program judges the content of the volume: at every link cut and at the end, or at the end. */
export interface Oracle<V extends string = string> {
  readonly kind: "oracle";
  readonly oracle: string;
  readonly volume: V;
  readonly at: "every-cut" | "end";
}

/** What must hold besides the invariants, which always must. */
export type Expectation<N extends Names = Names> =
  | Converged
  | Violates
  | Holds<N>
  | Oracle<N["volume"]>
  | FilesHold<N["volume"]>;

export const expectationSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("converged"), withinMs: z.number().int().min(1).max(3_600_000) }),
  z.strictObject({
    kind: z.literal("violates"),
    invariant: z.enum(INVARIANTS),
    fault: nameSchema.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("holds"), condition: conditionSchema }),
  z.strictObject({
    kind: z.literal("oracle"),
    oracle: nameSchema,
    volume: nameSchema,
    at: z.enum(["every-cut", "end"]),
  }),
  filesHoldSchema,
]) satisfies z.ZodType<Expectation>;
