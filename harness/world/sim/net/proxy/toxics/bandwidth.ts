import { NS_PER_MS } from "../../../../../../engine/ports/index.ts";
import type { Chunk } from "../chunk.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { LiveToxic } from "../toxic-live.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/** Lets `rateKBps` pass, in kilobytes of 1000 bytes a second, on each connection. */
export interface BandwidthToxic {
  readonly type: "bandwidth";
  readonly rateKBps: number;
}

const SLICE_MS = 100;

/** Waits first, then sends; a chunk worth more than 100 ms goes in slices of 100 ms. No credit for idle time. */
export function runBandwidth(live: LiveToxic<BandwidthToxic>, stub: Stub, tools: ToxicTools): ToxicRun {
  let sleepNs = 0;
  const pass = (chunk: Chunk): void => {
    // What is left goes out at once and in one piece.
    const interrupted = (): void => stub.forwardOrLose(chunk, stub.stopped, tools.giveUp);
    const { bytes, timestampNs } = chunk;
    const sliceBytes = live.toxic.rateKBps * SLICE_MS;
    if (bytes.length > sliceBytes) {
      const sliceDone = (): void => {
        stub.forward({ bytes: bytes.subarray(0, sliceBytes), timestampNs }, () => {
          // By the rate of now: after an update while the slice was blocked, bytes are left out or sent twice.
          const cutBytes = live.toxic.rateKBps * SLICE_MS;
          if (cutBytes > bytes.length) {
            tools.panic(`slice bounds out of range [${cutBytes}:${bytes.length}]`);
            return;
          }
          tools.drop(cutBytes - sliceBytes);
          sleepNs -= SLICE_MS * NS_PER_MS;
          pass({ bytes: bytes.subarray(cutBytes), timestampNs });
        });
      };
      stub.wait(SLICE_MS * NS_PER_MS, sliceDone, interrupted);
      return;
    }
    stub.wait(
      sleepNs,
      () => {
        sleepNs = 0;
        stub.forward(chunk);
      },
      interrupted,
    );
  };
  return {
    chunk(chunk) {
      tools.effects.chunks++;
      tools.effects.bytesDelayed += chunk.bytes.length;
      sleepNs += Math.floor((chunk.bytes.length * NS_PER_MS) / live.toxic.rateKBps);
      pass(chunk);
    },
    end: () => stub.close(),
  };
}
