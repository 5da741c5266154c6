import { isZero } from "../world/sim/disk/sparse-bytes.ts";
import type { TraceInfo } from "./trace-catalog.ts";
import type { TraceEntry } from "./trace-entry.ts";

/** Recorded traces by name, wherever they are kept. */
export interface TraceSource {
  /** In a stable order. */
  readonly traces: readonly TraceInfo[];
  /** @throws TraceError TRACE_UNKNOWN */
  info(name: string): TraceInfo;
  /** Streams the entries in the order of the file. @throws TraceError */
  open(name: string): AsyncIterable<TraceEntry>;
  /** Reads a whole trace ahead of a run: inside a run nothing may wait for real I/O. @throws TraceError */
  load(name: string): Promise<LoadedTrace>;
}

/** A trace in memory. Immutable: repeated and concurrent runs share one. */
export interface LoadedTrace {
  readonly info: TraceInfo;
  readonly entries: readonly TraceEntry[];
  /** Bytes of data that it keeps in memory. */
  readonly heldBytes: number;
}

/**
 * Keeps the entries. Those that are all zeros share one buffer: a third of a fresh database's
 * writes are.
 */
export async function collectTrace(info: TraceInfo, entries: AsyncIterable<TraceEntry>): Promise<LoadedTrace> {
  const kept: TraceEntry[] = [];
  const zeroIndexes: number[] = [];
  let zeroBytesMax = 0;
  let heldBytes = 0;
  for await (const entry of entries) {
    if (entry.data.length === 0 || !isZero(entry.data)) {
      kept.push(entry);
      heldBytes += entry.data.length;
      continue;
    }
    zeroIndexes.push(kept.length);
    zeroBytesMax = Math.max(zeroBytesMax, entry.data.length);
    kept.push({ ...entry, data: entry.data.subarray(0, 0) });
  }
  const zeros = new Uint8Array(zeroBytesMax);
  for (const index of zeroIndexes) {
    const entry = kept[index];
    if (entry !== undefined) kept[index] = { ...entry, data: zeros.subarray(0, entry.lengthBytes) };
  }
  return { info, entries: kept, heldBytes: heldBytes + zeroBytesMax };
}
