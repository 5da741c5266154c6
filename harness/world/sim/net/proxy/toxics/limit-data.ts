import type { Stub, ToxicRun } from "../stub.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/** Closes the connection as soon as `limitBytes` have passed since it was added; 0 at the first byte. */
export interface LimitDataToxic {
  readonly type: "limit_data";
  readonly limitBytes: number;
}

export function runLimitData({ limitBytes }: LimitDataToxic, stub: Stub, tools: ToxicTools): ToxicRun {
  return {
    chunk(chunk) {
      const { bytes, timestampNs } = chunk;
      const passing = Math.min(bytes.length, Math.max(0, limitBytes - stub.transmittedBytes));
      tools.effects.chunks++;
      tools.drop(bytes.length - passing);
      const passed = (): void => {
        stub.transmittedBytes += passing;
        if (stub.transmittedBytes < limitBytes) stub.next();
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
