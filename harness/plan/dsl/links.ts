import type { Bandwidth } from "../../fault/bandwidth.ts";
import type { Cut } from "../../fault/cut.ts";
import type { Hold } from "../../fault/hold.ts";
import type { Latency } from "../../fault/latency.ts";
import type { LimitData } from "../../fault/limit-data.ts";
import type { ResetPeer } from "../../fault/reset-peer.ts";
import type { Slicer } from "../../fault/slicer.ts";
import type { SlowClose } from "../../fault/slow-close.ts";
import type { Timeout } from "../../fault/timeout.ts";
import type { Direction } from "../../world/world.ts";
import type { HealStep, InjectStep } from "../step.ts";

/** Cuts the link until `heal(link)`: connections close, bytes on the way are lost, dialling is refused. */
export function cut<const L extends string>(link: L): InjectStep<Cut<L>> {
  return { kind: "inject", fault: { kind: "cut", link } };
}

/** Gives a fault a name of its own, so that `heal(label)` ends it alone. */
export function labelled<const S extends InjectStep>(label: string, step: S): S {
  return { ...step, label };
}

/** Ends the running faults with this label, or on the link, disk or system of this name. */
export function heal(label: string): HealStep {
  return { kind: "heal", label };
}

/** Stalls one direction until `release(link)`, which lets every byte go on in order. */
export function hold<const L extends string>(link: L, direction: Direction): InjectStep<Hold<L>> {
  return { kind: "inject", fault: { kind: "hold", link, direction } };
}

/** Ends a hold (and any other fault on the link). */
export function release(link: string): HealStep {
  return heal(link);
}

/** Every chunk arrives `latencyMs` later, give or take the jitter. */
export function latency<const L extends string>(
  link: L,
  direction: Direction,
  options: { readonly latencyMs: number; readonly jitterMs?: number },
): InjectStep<Latency<L>> {
  return { kind: "inject", fault: { kind: "latency", link, direction, ...options } };
}

/** At most `rateKBps` thousand bytes a second on each connection. */
export function bandwidth<const L extends string>(
  link: L,
  direction: Direction,
  rateKBps: number,
): InjectStep<Bandwidth<L>> {
  return { kind: "inject", fault: { kind: "bandwidth", link, direction, rateKBps } };
}

/** Small slices, with a pause after each. */
export function slicer<const L extends string>(
  link: L,
  direction: Direction,
  options: { readonly averageBytes: number; readonly variationBytes?: number; readonly delayUs?: number },
): InjectStep<Slicer<L>> {
  return { kind: "inject", fault: { kind: "slicer", link, direction, ...options } };
}

/** The connection closes after exactly `limitBytes` in this direction. */
export function limitData<const L extends string>(
  link: L,
  direction: Direction,
  limitBytes: number,
): InjectStep<LimitData<L>> {
  return { kind: "inject", fault: { kind: "limit-data", link, direction, limitBytes } };
}

/** Everything in this direction is dropped; idle for `timeoutMs` (0: never), the connection closes. */
export function timeout<const L extends string>(
  link: L,
  direction: Direction,
  timeoutMs: number,
): InjectStep<Timeout<L>> {
  return { kind: "inject", fault: { kind: "timeout", link, direction, timeoutMs } };
}

/** The end of a connection arrives `delayMs` later. */
export function slowClose<const L extends string>(
  link: L,
  direction: Direction,
  delayMs: number,
): InjectStep<SlowClose<L>> {
  return { kind: "inject", fault: { kind: "slow-close", link, direction, delayMs } };
}

/** The first chunk is dropped and the connection ends after `timeoutMs`; with RST if injected before it was made. */
export function resetPeer<const L extends string>(
  link: L,
  direction: Direction,
  timeoutMs: number,
): InjectStep<ResetPeer<L>> {
  return { kind: "inject", fault: { kind: "reset-peer", link, direction, timeoutMs } };
}
