import type { Recording } from "./recording.ts";

/** A run that a page wants to look at. */
export interface ReplayRequest {
  readonly id: string;
  readonly seed: number;
  /** Of the engine; part of no choice, but of what a run says of itself. */
  readonly digest: string;
  /** As it was written; checked before it is run. */
  readonly plan: unknown;
}

export type ReplayAnswer =
  /** It has loaded what it needs, and takes requests. */
  | { readonly kind: "ready" }
  | { readonly kind: "recording"; readonly recording: Recording }
  | { readonly kind: "failed"; readonly message: string };
