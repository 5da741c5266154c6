import type { AnyFault, DiskFaultParams, LinkFault, SystemFault } from "../fault/index.ts";
import type { AdminStep } from "./admin-step.ts";
import type { Condition } from "./condition.ts";
import type { FileStep } from "./file-step.ts";
import type { Names } from "./topology.ts";

/** One host write; every sector is stamped. */
export interface WriteStep<V extends string = string> {
  readonly kind: "write";
  readonly volume: V;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly fua?: boolean;
}

/** Writes the whole volume once, in order. */
export interface FillStep<V extends string = string> {
  readonly kind: "fill";
  readonly volume: V;
  /** For people: what this content stands for. */
  readonly label: string;
  /** Bytes of one write. */
  readonly chunkBytes: number;
}

/** One host read; what it returns is checked by the model. */
export interface ReadStep<V extends string = string> {
  readonly kind: "read";
  readonly volume: V;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface FlushStep<V extends string = string> {
  readonly kind: "flush";
  readonly volume: V;
}

export interface TrimStep<V extends string = string> {
  readonly kind: "trim";
  readonly volume: V;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface WriteZeroesStep<V extends string = string> {
  readonly kind: "write-zeroes";
  readonly volume: V;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Random host I/O. If the system dies, requests under way end as GONE and are not repeated; the
 * workload goes on when the system serves again, or stops there (`onGone`). A refused request
 * counts as made; the host waits 5 ms before the next.
 */
export interface WorkloadStep<V extends string = string> {
  readonly kind: "workload";
  readonly volume: V;
  readonly writes: number;
  /** Part of the writes that are smaller than a track or cross a track's edge; 0.3 without. */
  readonly partialTrack?: number;
  /** A flush after so many writes; none without. */
  readonly flushEvery?: number;
  /** Part of the writes with force unit access; 0 without. */
  readonly fua?: number;
  /** Part of the writes that are trims or zeroes instead; 0 without. */
  readonly trim?: number;
  /** Reads per write; 0.1 without. */
  readonly reads?: number;
  /** Largest write; four tracks without. */
  readonly bytesMax?: number;
  /** Requests at once; 4 without. Two at once never overlap. */
  readonly concurrency?: number;
  /** Only this range of the volume; the whole volume without. */
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes: number };
  /** Longest pause between two requests of one slot; 1000 without. */
  readonly thinkUsMax?: number;
  readonly onGone?: "continue" | "stop";
  /** After this no request is made any more, however many are left; no such end without. */
  readonly lastsMs?: number;
}

/**
 * The recorded writes of a real program, in their order, one at a time. If the system dies the
 * trace stops there (its program died with its disk), or repeats the request when it serves again.
 */
export interface TraceStep<V extends string = string> {
  readonly kind: "trace";
  readonly volume: V;
  readonly name: string;
  /** Half-open range of entries by their index; all without. */
  readonly entries?: { readonly from: number; readonly to: number };
  readonly onGone?: "stop" | "repeat";
}

/** Starts a fault; it lasts until healed, or until the end of the run. */
export interface InjectStep<F extends AnyFault = AnyFault> {
  readonly kind: "inject";
  readonly fault: F;
  /** For `heal`; without, the name of the link, disk or system that it acts on. */
  readonly label?: string;
}

/** Ends every running fault with this label, and every fault on the link, disk or system of this name. */
export interface HealStep {
  readonly kind: "heal";
  readonly label: string;
}

/** Starts a crashed system again and waits until it serves. */
export interface RestartStep<S extends string = string> {
  readonly kind: "restart";
  readonly system: S;
}

/** Remembers this moment of the volumes under the label: their newest LSNs, the time, and what they hold. */
export interface MarkStep<V extends string = string> {
  readonly kind: "mark";
  readonly label: string;
  readonly volumes: readonly V[];
}

/** Reads the volume's whole image, which must be there; what it holds is checked by the model. */
export interface ReadImageStep<V extends string = string> {
  readonly kind: "read-image";
  readonly volume: V;
}

/** Waits; a condition that does not come true in time fails the run. */
export interface WaitStep<N extends Names = Names> {
  readonly kind: "wait";
  readonly condition: Condition<N>;
  readonly withinMs: number;
}

/**
 * The steady state, of which a chaos experiment supposes that faults do not change it for good: within `withinMs` the
 * pairs are DUPLEX at both ends with nothing pending; the host of the primary of each is served (it writes the first
 * and the last sectors, flushes, and reads them back); and the two volumes are equal to the last byte. If not, the run
 * fails, also one that `mayRefuse`. No other step goes on beside it.
 */
export interface SteadyStep<P extends string = string> {
  readonly kind: "steady";
  /** Remote mirrors, or local ones that are not split. */
  readonly pairs: readonly P[];
  readonly withinMs: number;
}

/** The faults that can act on what these names mean. */
export type FaultOn<N extends Names = Names> =
  | LinkFault<N["link"]>
  | DiskFaultParams<N["volume"] | `${N["system"]}/meta`>
  | SystemFault<N["system"], N["volume"] | `${N["system"]}/meta`>;

/** One request of a host. */
export type HostRequestStep<V extends string = string> =
  | WriteStep<V>
  | ReadStep<V>
  | FlushStep<V>
  | TrimStep<V>
  | WriteZeroesStep<V>;

/** Steps without steps inside. */
export type LeafStep<N extends Names = Names> =
  | HostRequestStep<N["volume"]>
  | FillStep<N["volume"]>
  | WorkloadStep<N["volume"]>
  | TraceStep<N["volume"]>
  | InjectStep<FaultOn<N>>
  | HealStep
  | RestartStep<N["system"]>
  | AdminStep<N["pair"], N["system"], N["volume"]>
  | MarkStep<N["volume"]>
  | ReadImageStep<N["volume"]>
  | FileStep<N["volume"], N["pair"]>
  | SteadyStep<N["pair"]>
  | WaitStep<N>;

/** Starts all at once, those that wait for a condition first; ends when all have ended. */
export interface TogetherStep<S> {
  readonly kind: "together";
  readonly steps: readonly S[];
}

/** One after the other. */
export interface SequenceStep<S> {
  readonly kind: "sequence";
  readonly steps: readonly S[];
}

/**
 * Waits for the condition, then takes the steps one after the other; faults at their head are
 * injected within the very event that made the condition true. If it does not come true in time
 * the steps are left out, which the run reports as faults that never took effect.
 */
export interface WhenStep<S, N extends Names = Names> {
  readonly kind: "when";
  readonly condition: Condition<N>;
  readonly steps: readonly S[];
  readonly withinMs: number;
}

/** Waits, then takes the steps one after the other. */
export interface AfterStep<S> {
  readonly kind: "after";
  readonly delayMs: number;
  readonly steps: readonly S[];
}

/** Takes the steps `times` times. */
export interface RepeatStep<S> {
  readonly kind: "repeat";
  readonly times: number;
  readonly steps: readonly S[];
}

/** The step must be refused: a command by the engine's code, host I/O by `REFUSED`. */
export interface ExpectRefusedStep<S> {
  readonly kind: "expect-refused";
  readonly step: S;
  readonly code: string;
}

/** A command or host request that may be carried out or be refused with one of these codes, as the faults beside it fall. */
export interface AttemptStep<S> {
  readonly kind: "attempt";
  readonly step: S;
  readonly codes: readonly string[];
}

/** Takes the steps one after the other; all the while, at every step that a program logs, the condition is true. */
export interface ThroughoutStep<S, N extends Names = Names> {
  readonly kind: "throughout";
  readonly condition: Condition<N>;
  readonly steps: readonly S[];
}

/** Takes the steps one after the other; meanwhile at most so many bytes come out of the link, both ways together. */
export interface LinkBytesStep<S, L extends string = string> {
  readonly kind: "link-bytes";
  readonly link: L;
  readonly bytesMax: number;
  readonly steps: readonly S[];
}

/** One step of a plan. */
export type Step<N extends Names = Names> =
  | LeafStep<N>
  | TogetherStep<Step<N>>
  | SequenceStep<Step<N>>
  | WhenStep<Step<N>, N>
  | AfterStep<Step<N>>
  | RepeatStep<Step<N>>
  | ThroughoutStep<Step<N>, N>
  | LinkBytesStep<Step<N>, N["link"]>
  | ExpectRefusedStep<Step<N>>
  | AttemptStep<Step<N>>;
