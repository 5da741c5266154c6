import type { SideRecord } from "./schedule.ts";

/** Arrivals closer than this make one point of the curve. */
const POINT_MS = 2;

/** Collects what one side sees; used on real sockets and on simulated ones. */
export class SideRecorder {
  readonly #curve: [number, number][] = [];
  readonly #chunks: Uint8Array[] = [];
  #total = 0;
  #firstMs = 0;
  #end: { readonly end: "fin" | "rst" | "refused"; readonly endMs: number } | undefined;

  bytes(nowMs: number, bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#total += bytes.length;
    const last = this.#curve.at(-1);
    if (last !== undefined && nowMs - this.#firstMs < POINT_MS) last[1] = this.#total;
    else {
      this.#firstMs = nowMs;
      this.#curve.push([round(nowMs), this.#total]);
    }
  }

  /** Only the first end counts. */
  end(nowMs: number, end: "fin" | "rst" | "refused"): void {
    this.#end ??= { end, endMs: round(nowMs) };
  }

  record(): SideRecord {
    return { curve: this.#curve, content: fnv1a(this.#chunks), ...this.#end };
  }
}

/** Recordings outlive whatever hash the history uses. */
function fnv1a(chunks: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5;
  for (const chunk of chunks)
    for (let index = 0; index < chunk.length; index++) hash = Math.imul(hash ^ (chunk[index] as number), 0x01000193);
  return hash >>> 0;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
