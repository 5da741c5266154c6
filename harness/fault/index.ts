import { z } from "zod";
import { type Bandwidth, bandwidth } from "./bandwidth.ts";
import { type BitFlip, bitFlip } from "./bit-flip.ts";
import { type BitRot, bitRot } from "./bit-rot.ts";
import { type ClockDrift, clockDrift } from "./clock-drift.ts";
import { type ClockStep, clockStep } from "./clock-step.ts";
import { type Crash, crash } from "./crash.ts";
import { type Cut, cut } from "./cut.ts";
import { type Eio, eio } from "./eio.ts";
import { type Enospc, enospc } from "./enospc.ts";
import type { Fault } from "./fault.ts";
import { type Hold, hold } from "./hold.ts";
import { type Latency, latency } from "./latency.ts";
import { type LimitData, limitData } from "./limit-data.ts";
import { type LostWrite, lostWrite } from "./lost-write.ts";
import { type MisdirectedWrite, misdirectedWrite } from "./misdirected-write.ts";
import { type Pause, pause } from "./pause.ts";
import { type ResetPeer, resetPeer } from "./reset-peer.ts";
import { type Slicer, slicer } from "./slicer.ts";
import { type SlowClose, slowClose } from "./slow-close.ts";
import { type Stall, stall } from "./stall.ts";
import { type Timeout, timeout } from "./timeout.ts";
import { type TornWrite, tornWrite } from "./torn-write.ts";

/** Faults of links, by the links' names. */
export type LinkFault<L extends string = string> =
  | Bandwidth<L>
  | Cut<L>
  | Hold<L>
  | Latency<L>
  | LimitData<L>
  | ResetPeer<L>
  | Slicer<L>
  | SlowClose<L>
  | Timeout<L>;

/** Faults of disks, by the disks' names: a volume, or `<system>/meta`. */
export type DiskFaultParams<D extends string = string> =
  | BitFlip<D>
  | BitRot<D>
  | Eio<D>
  | Enospc<D>
  | LostWrite<D>
  | MisdirectedWrite<D>
  | Stall<D>
  | TornWrite<D>;

/** Faults of programs and clocks, by the systems' names. */
export type SystemFault<S extends string = string, D extends string = string> =
  | ClockDrift<S>
  | ClockStep<S>
  | Crash<S, D>
  | Pause<S>;

/** The parameters of any fault. */
export type AnyFault = LinkFault | DiskFaultParams | SystemFault;

/** Every fault there is. Nothing registers itself: a fault is real once it stands here. */
export const FAULTS: readonly [Fault<AnyFault>, ...Fault<AnyFault>[]] = [
  bandwidth,
  bitFlip,
  bitRot,
  clockDrift,
  clockStep,
  crash,
  cut,
  eio,
  enospc,
  hold,
  latency,
  limitData,
  lostWrite,
  misdirectedWrite,
  pause,
  resetPeer,
  slicer,
  slowClose,
  stall,
  timeout,
  tornWrite,
];

/** Any fault's parameters, discriminated by `kind`; the meaning is the description in the published schema. */
export const faultSchema: z.ZodType<AnyFault> & z.core.$ZodTypeDiscriminable = z.discriminatedUnion("kind", [
  described(FAULTS[0]),
  ...FAULTS.slice(1).map(described),
]);

function described({ schema, meaning }: Fault<AnyFault>): Fault<AnyFault>["schema"] {
  return schema.describe(meaning);
}

const faultByKind = new Map(FAULTS.map((fault) => [fault.kind, fault]));

/** The fault that `params` are of. */
export function faultOf(params: AnyFault): Fault<AnyFault> {
  const fault = faultByKind.get(params.kind);
  if (fault === undefined) throw new Error(`no fault of kind ${params.kind} in the list`);
  return fault;
}
