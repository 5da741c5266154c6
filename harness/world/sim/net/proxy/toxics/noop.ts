import type { Stub, ToxicRun } from "../stub.ts";

/** Passes everything on. */
export interface NoopToxic {
  readonly type: "noop";
}

export function runNoop(stub: Stub): ToxicRun {
  return { chunk: (chunk) => stub.forward(chunk), end: () => stub.close() };
}
