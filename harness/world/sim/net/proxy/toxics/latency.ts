import { below, NS_PER_MS } from "../../../../../../engine/ports/index.ts";
import type { Chunk } from "../chunk.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { LiveToxic } from "../toxic-live.ts";
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

export function runLatency(live: LiveToxic<LatencyToxic>, stub: Stub, tools: ToxicTools): ToxicRun {
  let held: Chunk | undefined;
  let sleepNs = 0;
  // Made once, not for each chunk: every message of a slow link comes through here.
  const due = (): void => {
    const chunk = held as Chunk;
    // Moved back too, if it is late: a second latency behind this one then adds less.
    chunk.timestampNs += sleepNs;
    stub.forward(chunk);
  };
  const interrupted = (): void => stub.forward(held as Chunk, stub.stopped);
  return {
    chunk(chunk) {
      const { latencyMs, jitterMs = 0 } = live.toxic;
      tools.effects.chunks++;
      // The range is −J … J−1.
      const jitter = jitterMs === 0 ? 0 : below(tools.random(), jitterMs * 2) - jitterMs;
      held = chunk;
      sleepNs = (latencyMs + jitter) * NS_PER_MS - (stub.nowNs - chunk.timestampNs);
      if (sleepNs > 0) tools.effects.bytesDelayed += chunk.bytes.length;
      stub.wait(sleepNs, due, interrupted);
    },
    end: () => stub.close(),
  };
}
