import { z } from "zod";
import type { ImageReport, JournalReport, PairStatus } from "../target/target.ts";
import { diskNameSchema, nameSchema } from "../fault/bounds.ts";
import type { Names } from "./topology.ts";

/** A resync (or initial copy) of the pair has copied at least this part of what it set out to copy. */
export interface ProgressCondition<P extends string = string> {
  readonly kind: "progress";
  readonly of: "resync";
  readonly pair: P;
  /** 0 … 1; 0 is "has begun". */
  readonly fraction: number;
}

/**
 * A restore, recovery or rollback of the volume is under way, and has brought at least this part of what it set out
 * to bring.
 */
export interface RestoreProgressCondition<V extends string = string> {
  readonly kind: "progress";
  readonly of: "restore";
  readonly volume: V;
  /** 0 … 1; 0 is "has begun". */
  readonly fraction: number;
}

/** A barrier: the system's program logs the step `name` for the `nth` time since the condition was armed. */
export interface EngineStepCondition<S extends string = string> {
  readonly kind: "engine-step";
  readonly system: S;
  readonly name: string;
  readonly nth: number;
  /** What follows must strike before the program goes on after the step, or the plan does not tell its story. */
  readonly exact?: true;
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

/** The system does not run: it crashed, or lost power within a torn write. */
export interface DownCondition<S extends string = string> {
  readonly kind: "down";
  readonly system: S;
}

/** Both ends of the pair are up and say that they are connected. */
export interface ConnectedCondition<P extends string = string> {
  readonly kind: "connected";
  readonly pair: P;
}

/** The volume's system serves, and nothing is being restored to the volume. */
export interface RestoredCondition<V extends string = string> {
  readonly kind: "restored";
  readonly volume: V;
}

/** The volume's image is in this state. */
export interface ImageCondition<V extends string = string> {
  readonly kind: "image";
  readonly volume: V;
  readonly state: ImageState;
}

/** The volume's journal is in this state and its window is of this kind, as far as they are given. */
export interface JournalCondition<V extends string = string> {
  readonly kind: "journal";
  readonly volume: V;
  readonly state?: JournalState;
  /** Entries in the window, from the oldest to the newest point. */
  readonly entriesMin?: number;
  /** The oldest point is this LSN or a later one: what was before is folded into the base (JR-7). */
  readonly oldestLsnMin?: number;
}

/**
 * The program of the disk's system issues the `nth` write, trim or flush to it since the condition was armed. It is in
 * flight at that moment: a loss of power tears it.
 */
export interface DiskWriteCondition<D extends string = string> {
  readonly kind: "disk-write";
  /** A volume, or `<system>/meta`. */
  readonly disk: D;
  readonly nth: number;
}

/** The program of the system makes the `nth` write to its end of the link since the condition was armed: a frame is sent. */
export interface SentCondition<L extends string = string, S extends string = string> {
  readonly kind: "sent";
  readonly link: L;
  readonly system: S;
  readonly nth: number;
}

/** Something that becomes true during a run. */
export type Condition<N extends Names = Names> =
  | ProgressCondition<N["pair"]>
  | RestoreProgressCondition<N["volume"]>
  | EngineStepCondition<N["system"]>
  | WrittenCondition<N["volume"]>
  | StatusCondition<N["pair"]>
  | DownCondition<N["system"]>
  | ConnectedCondition<N["pair"]>
  | RestoredCondition<N["volume"]>
  | ImageCondition<N["volume"]>
  | JournalCondition<N["volume"]>
  | DiskWriteCondition<N["volume"] | `${N["system"]}/meta`>
  | SentCondition<N["link"], N["system"]>;

type ImageState = ImageReport["state"];
type JournalState = JournalReport["state"];

export const pairStatusSchema = z.enum(["SIMPLEX", "COPY", "DUPLEX", "SPLIT"]);

const fractionSchema = z.number().min(0).max(1);
const nthSchema = z.number().int().min(1).max(1_000_000);
const lsnSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const conditionSchema = z.discriminatedUnion("kind", [
  z.discriminatedUnion("of", [
    z.strictObject({
      kind: z.literal("progress"),
      of: z.literal("resync"),
      pair: nameSchema,
      fraction: fractionSchema,
    }),
    z.strictObject({
      kind: z.literal("progress"),
      of: z.literal("restore"),
      volume: nameSchema,
      fraction: fractionSchema,
    }),
  ]),
  z.strictObject({
    kind: z.literal("engine-step"),
    system: nameSchema,
    name: z.string().min(1).max(64),
    nth: nthSchema,
    exact: z.literal(true).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("written"),
    volume: nameSchema,
    nth: nthSchema,
    moment: z.enum(["issued", "acknowledged"]),
  }),
  z.strictObject({
    kind: z.literal("status"),
    pair: nameSchema,
    status: pairStatusSchema,
    at: z.enum(["primary", "secondary", "both"]),
  }),
  z.strictObject({ kind: z.literal("down"), system: nameSchema }),
  z.strictObject({ kind: z.literal("connected"), pair: nameSchema }),
  z.strictObject({ kind: z.literal("restored"), volume: nameSchema }),
  z.strictObject({ kind: z.literal("image"), volume: nameSchema, state: z.enum(["none", "fixed", "lost"]) }),
  z.strictObject({
    kind: z.literal("journal"),
    volume: nameSchema,
    state: z.enum(["logging", "recovering", "stopped"]).exactOptional(),
    entriesMin: lsnSchema.exactOptional(),
    oldestLsnMin: lsnSchema.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("disk-write"), disk: diskNameSchema, nth: nthSchema }),
  z.strictObject({ kind: z.literal("sent"), link: nameSchema, system: nameSchema, nth: nthSchema }),
]) satisfies z.ZodType<Condition>;

/** For people: `pair pair is DUPLEX at both ends`. */
export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case "progress": {
      const what = condition.of === "resync" ? condition.pair : condition.volume;
      return `the ${condition.of} of ${what} is ${Math.round(condition.fraction * 100)} % done`;
    }
    case "engine-step":
      return `step ${condition.name} no. ${condition.nth} on ${condition.system}`;
    case "written":
      return `write no. ${condition.nth} to ${condition.volume} ${condition.moment}`;
    case "disk-write":
      return `write no. ${condition.nth} to the disk ${condition.disk}`;
    case "sent":
      return `frame no. ${condition.nth} from ${condition.system} on ${condition.link}`;
    case "down":
      return `system ${condition.system} is down`;
    case "connected":
      return `${condition.pair} is connected`;
    case "restored":
      return `nothing is being restored to ${condition.volume}`;
    case "image":
      return `the image of ${condition.volume} is ${condition.state}`;
    case "journal": {
      const { state, entriesMin, oldestLsnMin } = condition;
      const what = [
        ...(state === undefined ? [] : [`is ${state}`]),
        ...(entriesMin === undefined ? [] : [`holds ${entriesMin} entries`]),
        ...(oldestLsnMin === undefined ? [] : [`begins at ${oldestLsnMin} or later`]),
      ];
      return `the journal of ${condition.volume} ${what.length === 0 ? "is there" : what.join(" and ")}`;
    }
    case "status":
      return `${condition.pair} is ${condition.status} at ${condition.at === "both" ? "both ends" : `the ${condition.at}`}`;
  }
}
