import type {
  FillStep,
  FlushStep,
  ReadStep,
  TraceStep,
  TrimStep,
  WorkloadStep,
  WriteStep,
  WriteZeroesStep,
} from "../step.ts";

/** What `write` writes: one request, or a fill of the whole volume. */
export interface WriteRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly fua?: boolean;
}

export interface Fill {
  readonly fill: string;
  readonly chunkBytes: number;
}

/** The whole volume, in order. `label` says for people what this content stands for. */
export function fill(label: string, chunkBytes = 65_536): Fill {
  return { fill: label, chunkBytes };
}

/** One host write, or `fill("before")`. Every sector is stamped with the write that made it. */
export function write<const V extends string>(volume: V, what: WriteRange): WriteStep<V>;
export function write<const V extends string>(volume: V, what: Fill): FillStep<V>;
export function write<const V extends string>(volume: V, what: WriteRange | Fill): WriteStep<V> | FillStep<V> {
  if ("fill" in what) return { kind: "fill", volume, label: what.fill, chunkBytes: what.chunkBytes };
  return { kind: "write", volume, ...what };
}

/** One host read. */
export function read<const V extends string>(volume: V, offsetBytes: number, lengthBytes: number): ReadStep<V> {
  return { kind: "read", volume, offsetBytes, lengthBytes };
}

/** A host flush: what was acknowledged before it is durable after it. */
export function flush<const V extends string>(volume: V): FlushStep<V> {
  return { kind: "flush", volume };
}

/** The range reads as zeros afterwards. */
export function trim<const V extends string>(volume: V, offsetBytes: number, lengthBytes: number): TrimStep<V> {
  return { kind: "trim", volume, offsetBytes, lengthBytes };
}

/** Zeros, written by the system itself. */
export function writeZeroes<const V extends string>(
  volume: V,
  offsetBytes: number,
  lengthBytes: number,
): WriteZeroesStep<V> {
  return { kind: "write-zeroes", volume, offsetBytes, lengthBytes };
}

/** Random host I/O; see {@link WorkloadStep}. */
export function workload<const V extends string>(
  volume: V,
  options: Omit<WorkloadStep, "kind" | "volume">,
): WorkloadStep<V> {
  return { kind: "workload", volume, ...options };
}

/** The recorded writes of a real program; see {@link TraceStep}. */
export function trace<const V extends string>(
  volume: V,
  name: string,
  options: Omit<TraceStep, "kind" | "volume" | "name"> = {},
): TraceStep<V> {
  return { kind: "trace", volume, name, ...options };
}
