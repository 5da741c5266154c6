import { below, NS_PER_MS } from "../../../../../engine/ports/index.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/**
 * Delays each chunk until `latencyMs` ± `jitterMs` after it was read. Chunks keep their order, so
 * one that waits delays those behind it; an end that comes alone is not delayed.
 */
export interface LatencyToxic {
  readonly type: "latency";
  readonly latencyMs: number;
  /** 0 by default. */
  readonly jitterMs?: number;
}

/** Chunks that wait in front of it before its sender is blocked. */
export const LATENCY_BUFFER_CHUNKS = 1024;

export function runLatency({ latencyMs, jitterMs = 0 }: LatencyToxic, stub: Stub, tools: ToxicTools): ToxicRun {
  return {
    chunk(chunk) {
      tools.effects.chunks++;
      // The range is −J … J−1.
      const jitter = jitterMs === 0 ? 0 : below(tools.random(), jitterMs * 2) - jitterMs;
      const sleepNs = (latencyMs + jitter) * NS_PER_MS - (stub.nowNs - chunk.timestampNs);
      if (sleepNs > 0) tools.effects.bytesDelayed += chunk.bytes.length;
      stub.wait(
        sleepNs,
        () => {
          // Moved back too, if it is late: a second latency behind this one then adds less.
          chunk.timestampNs += sleepNs;
          stub.forward(chunk);
        },
        () => stub.forward(chunk, stub.stopped),
      );
    },
    end: () => stub.close(),
  };
}
