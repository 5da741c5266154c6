import { z } from "zod";
import type { PairStatus } from "../target/target.ts";
import { nameSchema } from "../fault/bounds.ts";
import type { Names } from "./topology.ts";

/** A resync (or initial copy) of the pair has copied at least this part of what it set out to copy. */
export interface ProgressCondition<P extends string = string> {
  readonly kind: "progress";
  readonly of: "resync";
  readonly pair: P;
  /** 0 … 1; 0 is "has begun". */
  readonly fraction: number;
}

/** A barrier: the system's program logs the step `name` for the `nth` time since the condition was armed. */
export interface EngineStepCondition<S extends string = string> {
  readonly kind: "engine-step";
  readonly system: S;
  readonly name: string;
  readonly nth: number;
}

/** The `nth` host write to the volume since the condition was armed was issued or acknowledged. */
export interface WrittenCondition<V extends string = string> {
  readonly kind: "written";
  readonly volume: V;
  readonly nth: number;
  readonly moment: "issued" | "acknowledged";
}

/** The pair has the status, as seen at one end or at both. */
export interface StatusCondition<P extends string = string> {
  readonly kind: "status";
  readonly pair: P;
  readonly status: PairStatus;
  readonly at: "primary" | "secondary" | "both";
}

/** Both ends of the pair are up and say that they are connected. */
export interface ConnectedCondition<P extends string = string> {
  readonly kind: "connected";
  readonly pair: P;
}

/** Something that becomes true during a run. */
export type Condition<N extends Names = Names> =
  | ProgressCondition<N["pair"]>
  | EngineStepCondition<N["system"]>
  | WrittenCondition<N["volume"]>
  | StatusCondition<N["pair"]>
  | ConnectedCondition<N["pair"]>;

export const pairStatusSchema = z.enum(["SIMPLEX", "COPY", "DUPLEX", "SPLIT"]);

export const conditionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("progress"),
    of: z.literal("resync"),
    pair: nameSchema,
    fraction: z.number().min(0).max(1),
  }),
  z.strictObject({
    kind: z.literal("engine-step"),
    system: nameSchema,
    name: z.string().min(1).max(64),
    nth: z.number().int().min(1).max(1_000_000),
  }),
  z.strictObject({
    kind: z.literal("written"),
    volume: nameSchema,
    nth: z.number().int().min(1).max(1_000_000),
    moment: z.enum(["issued", "acknowledged"]),
  }),
  z.strictObject({
    kind: z.literal("status"),
    pair: nameSchema,
    status: pairStatusSchema,
    at: z.enum(["primary", "secondary", "both"]),
  }),
  z.strictObject({ kind: z.literal("connected"), pair: nameSchema }),
]) satisfies z.ZodType<Condition>;

/** For people: `pair pair is DUPLEX at both ends`. */
export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case "progress":
      return `the resync of ${condition.pair} is ${Math.round(condition.fraction * 100)} % done`;
    case "engine-step":
      return `step ${condition.name} no. ${condition.nth} on ${condition.system}`;
    case "written":
      return `write no. ${condition.nth} to ${condition.volume} ${condition.moment}`;
    case "connected":
      return `${condition.pair} is connected`;
    case "status":
      return `${condition.pair} is ${condition.status} at ${condition.at === "both" ? "both ends" : `the ${condition.at}`}`;
  }
}
