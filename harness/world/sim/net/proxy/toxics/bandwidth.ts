import { NS_PER_MS } from "../../../../../../engine/ports/index.ts";
import type { Chunk } from "../chunk.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/** Lets `rateKBps` pass, in kilobytes of 1000 bytes a second, on each connection. */
export interface BandwidthToxic {
  readonly type: "bandwidth";
  readonly rateKBps: number;
}

const SLICE_MS = 100;

/** Waits first, then sends; a chunk worth more than 100 ms goes in slices of 100 ms. No credit for idle time. */
export function runBandwidth({ rateKBps }: BandwidthToxic, stub: Stub, tools: ToxicTools): ToxicRun {
  const sliceBytes = rateKBps * SLICE_MS;
  let sleepNs = 0;
  const pass = (chunk: Chunk): void => {
    // What is left goes out at once and in one piece.
    const interrupted = (): void => stub.forwardOrLose(chunk, stub.stopped, tools.giveUp);
    if (chunk.bytes.length > sliceBytes) {
      const slice = { bytes: chunk.bytes.subarray(0, sliceBytes), timestampNs: chunk.timestampNs };
      const rest = { bytes: chunk.bytes.subarray(sliceBytes), timestampNs: chunk.timestampNs };
      const sliceDone = (): void =>
        stub.forward(slice, () => {
          sleepNs -= SLICE_MS * NS_PER_MS;
          pass(rest);
        });
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
      sleepNs += Math.floor((chunk.bytes.length * NS_PER_MS) / rateKBps);
      pass(chunk);
    },
    end: () => stub.close(),
  };
}
