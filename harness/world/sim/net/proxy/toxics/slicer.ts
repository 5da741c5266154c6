import { below } from "../../../../../../engine/ports/index.ts";
import type { Chunk } from "../chunk.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { LiveToxic } from "../toxic-live.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/** Cuts chunks into pieces of about `averageSizeBytes` and waits `delayUs` after each, the last included. */
export interface SlicerToxic {
  readonly type: "slicer";
  readonly averageSizeBytes: number;
  /** Less than the average; 0 by default. */
  readonly sizeVariationBytes?: number;
  /** Microseconds; 0 by default. */
  readonly delayUs?: number;
}

const NS_PER_US = 1_000;

export function runSlicer(live: LiveToxic<SlicerToxic>, stub: Stub, tools: ToxicTools): ToxicRun {
  /** Where the pieces between `start` and `end` end. */
  const cut = (start: number, end: number, ends: number[]): void => {
    const { averageSizeBytes, sizeVariationBytes = 0 } = live.toxic;
    if (end - start - averageSizeBytes <= sizeVariationBytes) {
      ends.push(end);
      return;
    }
    let middle = start + Math.floor((end - start) / 2);
    if (sizeVariationBytes > 0) middle += below(tools.random(), sizeVariationBytes * 2) - sizeVariationBytes;
    cut(start, middle, ends);
    cut(middle, end, ends);
  };
  const sendPieces = (chunk: Chunk, ends: readonly number[]): void => {
    const { bytes, timestampNs } = chunk;
    let index = 0;
    let looping = false;
    let again = false;
    const sendPiece = (): void => {
      const start = ends[index - 1] ?? 0;
      const end = ends[index++];
      if (end === undefined) {
        stub.next();
        return;
      }
      // The rest may be empty, after the last piece.
      const interrupted = (): void => stub.forward({ bytes: bytes.subarray(end), timestampNs }, stub.stopped);
      stub.forward({ bytes: bytes.subarray(start, end), timestampNs }, () =>
        stub.wait((live.toxic.delayUs ?? 0) * NS_PER_US, advance, interrupted),
      );
    };
    // A loop, not a recursion: a chunk can be cut into 32768 pieces that need no wait.
    const advance = (): void => {
      again = true;
      if (looping) return;
      looping = true;
      while (again) {
        again = false;
        sendPiece();
      }
      looping = false;
    };
    advance();
  };
  return {
    chunk(chunk) {
      const ends: number[] = [];
      cut(0, chunk.bytes.length, ends);
      tools.effects.chunks++;
      tools.effects.cuts += ends.length - 1;
      if ((live.toxic.delayUs ?? 0) > 0) tools.effects.bytesDelayed += chunk.bytes.length - (ends[0] ?? 0);
      sendPieces(chunk, ends);
    },
    end: () => stub.close(),
  };
}
