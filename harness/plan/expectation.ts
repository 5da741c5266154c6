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

/** The volume's disk holds at the end what it held at the mark, to the last byte (CR-6). */
export interface Unchanged<V extends string = string> {
  readonly kind: "unchanged";
  readonly volume: V;
  readonly since: string;
}

/** The disks of the two volumes hold the same at the end. */
export interface SameAs<V extends string = string> {
  readonly kind: "same-as";
  readonly volume: V;
  readonly other: V;
}

/**
 * Every time that remote pairs over the link are resynchronised, at most `factor` times the bytes of the tracks that
 * differ or were in flight, and `plusBytes` for each, cross it: both ways, overhead included. What hosts write
 * meanwhile is added to what may cross. An initial copy does not count.
 */
export interface ResyncBytes<L extends string = string> {
  readonly kind: "resync-bytes";
  readonly link: L;
  readonly factor: number;
  readonly plusBytes: number;
}

/**
 * From every step `from` of the system's program to the step `to` about the same volume, at most the time of `flushes`
 * flushes of a disk passes. At least one pause must be seen.
 */
export interface PauseAtMost<S extends string = string> {
  readonly kind: "pause-at-most";
  readonly system: S;
  readonly flushes: number;
  readonly from: string;
  readonly to: string;
}

/** What must hold besides the invariants, which always must. */
export type Expectation<N extends Names = Names> =
  | Converged
  | Violates
  | Holds<N>
  | Oracle<N["volume"]>
  | FilesHold<N["volume"]>
  | Unchanged<N["volume"]>
  | SameAs<N["volume"]>
  | ResyncBytes<N["link"]>
  | PauseAtMost<N["system"]>;

const stepNameSchema = z.string().min(1).max(64);

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
  z.strictObject({ kind: z.literal("unchanged"), volume: nameSchema, since: nameSchema }),
  z.strictObject({ kind: z.literal("same-as"), volume: nameSchema, other: nameSchema }),
  z.strictObject({
    kind: z.literal("resync-bytes"),
    link: nameSchema,
    factor: z.number().min(1).max(100),
    plusBytes: z.number().int().min(0).max(1_073_741_824),
  }),
  z.strictObject({
    kind: z.literal("pause-at-most"),
    system: nameSchema,
    flushes: z.number().min(0).max(1000),
    from: stepNameSchema,
    to: stepNameSchema,
  }),
]) satisfies z.ZodType<Expectation>;
