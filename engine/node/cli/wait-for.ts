import type { ControlClient } from "../control/client.ts";
import type { PairStatusReport } from "../control/status-schema.ts";
import { EXIT } from "./program-io.ts";

export interface Awaited {
  readonly pair: string;
  readonly status: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Waits until a pair has a status. @throws as the client */
export async function waitFor(client: ControlClient, { pair, status, timeoutMs, signal }: Awaited) {
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let last: PairStatusReport | undefined;
  for await (const item of client.events({ signal: until })) {
    if (item.kind !== "status") continue;
    last = item.status.pairs.find((report) => report.pair === pair);
    if (last?.status === status) return { text: `${pair} is ${status}`, value: last };
  }
  const found = last === undefined ? "not known here" : last.status;
  const code = signal.aborted ? EXIT.interrupted : EXIT.unknown;
  return { text: `${pair} is ${found}, not ${status}`, value: last ?? null, code };
}
