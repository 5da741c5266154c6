import { NS_PER_MS } from "../../../../../../engine/ports/index.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { LiveToxic } from "../toxic-live.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/** Passes data at once and the end of this direction after `delayMs`. */
export interface SlowCloseToxic {
  readonly type: "slow_close";
  readonly delayMs: number;
}

export function runSlowClose(live: LiveToxic<SlowCloseToxic>, stub: Stub, tools: ToxicTools): ToxicRun {
  return {
    chunk(chunk) {
      tools.effects.chunks++;
      stub.forward(chunk);
    },
    end() {
      tools.effects.endsDelayed++;
      // The next run of the stub finds the end again.
      stub.wait(live.toxic.delayMs * NS_PER_MS, () => stub.close(), stub.stopped);
    },
  };
}
