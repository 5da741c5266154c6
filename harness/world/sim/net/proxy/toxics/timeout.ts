import { NS_PER_MS } from "../../../../../../engine/ports/index.ts";
import type { Stub, ToxicRun } from "../stub.ts";
import type { ToxicTools } from "../toxic-tools.ts";

/**
 * Drops everything, and closes the connection once nothing has come for `timeoutMs`; 0 never closes.
 * Deleting it closes every connection.
 */
export interface TimeoutToxic {
  readonly type: "timeout";
  readonly timeoutMs: number;
}

export function runTimeout({ timeoutMs }: TimeoutToxic, stub: Stub, tools: ToxicTools): ToxicRun {
  return {
    ...(timeoutMs > 0 ? { idleNsMax: timeoutMs * NS_PER_MS } : {}),
    chunk(chunk) {
      tools.effects.chunks++;
      tools.drop(chunk.bytes.length);
      stub.next();
    },
    idle() {
      tools.effects.connectionsClosed++;
      stub.close();
    },
    end: () => stub.close(),
  };
}
