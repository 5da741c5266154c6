import { NS_PER_MS } from "../../../../../../engine/ports/index.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/**
 * At the first chunk or end: discards it, waits `timeoutMs`, closes. The peers see a reset only if
 * the toxic was in the chain when the connection was made; else an orderly end.
 */
export interface ResetPeerToxic {
  readonly type: "reset_peer";
  readonly timeoutMs: number;
}

export function runResetPeer({ timeoutMs }: ResetPeerToxic, stub: Stub, tools: ToxicTools): ToxicRun {
  const reset = (): void => {
    tools.effects.connectionsClosed++;
    stub.close();
  };
  return {
    chunk(chunk) {
      tools.effects.chunks++;
      tools.drop(chunk.bytes.length);
      // No interrupt: a change of the toxic waits with it.
      stub.wait(timeoutMs * NS_PER_MS, reset);
    },
    end: () => stub.wait(timeoutMs * NS_PER_MS, reset),
  };
}
