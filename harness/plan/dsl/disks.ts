import type { BitFlip } from "../../fault/bit-flip.ts";
import type { BitRot } from "../../fault/bit-rot.ts";
import type { DiskRequestKind } from "../../fault/disk-trigger.ts";
import type { Eio } from "../../fault/eio.ts";
import type { Enospc } from "../../fault/enospc.ts";
import type { LostWrite } from "../../fault/lost-write.ts";
import type { MisdirectedWrite } from "../../fault/misdirected-write.ts";
import type { Stall } from "../../fault/stall.ts";
import type { TornWrite } from "../../fault/torn-write.ts";
import type { DiskFaultTrigger } from "../../world/world.ts";
import type { InjectStep } from "../step.ts";

// A disk is named by its volume; `a/meta` is the disk with the tables of system `a`.

/** A matching write persists only its first `sectors` sectors, and power is lost at that moment. */
export function tornWrite<const D extends string>(
  disk: D,
  options: { readonly sectors: number } & DiskFaultTrigger,
): InjectStep<TornWrite<D>> {
  return { kind: "inject", fault: { kind: "torn-write", disk, ...options } };
}

/** Matching writes are acknowledged and never applied. */
export function lostWrite<const D extends string>(disk: D, trigger: DiskFaultTrigger = {}): InjectStep<LostWrite<D>> {
  return { kind: "inject", fault: { kind: "lost-write", disk, ...trigger } };
}

/** Matching requests fail with EIO. */
export function eio<const D extends string>(
  disk: D,
  on: readonly DiskRequestKind[],
  trigger: DiskFaultTrigger = {},
): InjectStep<Eio<D>> {
  return { kind: "inject", fault: { kind: "eio", disk, on, ...trigger } };
}

/** Matching writes fail with ENOSPC. */
export function enospc<const D extends string>(disk: D, trigger: DiskFaultTrigger = {}): InjectStep<Enospc<D>> {
  return { kind: "inject", fault: { kind: "enospc", disk, ...trigger } };
}

/** One bit of a matching write flips on its way to the medium. */
export function bitFlip<const D extends string>(
  disk: D,
  options: { readonly bitIndex: number } & DiskFaultTrigger,
): InjectStep<BitFlip<D>> {
  return { kind: "inject", fault: { kind: "bit-flip", disk, ...options } };
}

/** Bits flip at rest, now: anywhere on the disk, or in the range. */
export function bitRot<const D extends string>(
  disk: D,
  options: { readonly bits: number; readonly range?: DiskFaultTrigger["range"] & {} },
): InjectStep<BitRot<D>> {
  return { kind: "inject", fault: { kind: "bit-rot", disk, ...options } };
}

/** Matching writes land at another offset. */
export function misdirectedWrite<const D extends string>(
  disk: D,
  options: { readonly toOffsetBytes: number } & DiskFaultTrigger,
): InjectStep<MisdirectedWrite<D>> {
  return { kind: "inject", fault: { kind: "misdirected-write", disk, ...options } };
}

/** Matching requests wait until `heal(disk)`. */
export function stall<const D extends string>(
  disk: D,
  on: readonly DiskRequestKind[],
  trigger: DiskFaultTrigger = {},
): InjectStep<Stall<D>> {
  return { kind: "inject", fault: { kind: "stall", disk, on, ...trigger } };
}
