import type { Stub, ToxicRun } from "../stub.ts";
import type { LiveToxic } from "../toxic-live.ts";
import type { ToxicTools } from "../toxic-tools.ts";
import { runNoop } from "./noop.ts";

/** Closes the connection as soon as `limitBytes` have passed since it was added; 0 at the first byte. */
export interface LimitDataToxic {
  readonly type: "limit_data";
  readonly limitBytes: number;
}

export function runLimitData(live: LiveToxic<LimitDataToxic>, stub: Stub, tools: ToxicTools): ToxicRun {
  if (stub.transmittedBytes === undefined) {
    tools.panic("interface conversion: interface {} is nil, not *toxics.LimitDataToxicState");
    return runNoop(stub);
  }
  let transmittedBytes = stub.transmittedBytes;
  // Worked out after a chunk for the next: a limit that was changed meanwhile counts from the one after that.
  let leftBytes = live.toxic.limitBytes - transmittedBytes;
  return {
    chunk(chunk) {
      const { bytes, timestampNs } = chunk;
      const passing = Math.min(bytes.length, Math.max(0, leftBytes));
      tools.effects.chunks++;
      tools.drop(bytes.length - passing);
      const passed = (): void => {
        transmittedBytes += passing;
        stub.transmittedBytes = transmittedBytes;
        leftBytes = live.toxic.limitBytes - transmittedBytes;
        if (leftBytes > 0) stub.next();
        else {
          tools.effects.connectionsClosed++;
          stub.close();
        }
      };
      if (passing === 0) passed();
      else stub.forward({ bytes: bytes.subarray(0, passing), timestampNs }, passed);
    },
    end: () => stub.close(),
  };
}
