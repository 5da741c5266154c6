import type { Recording } from "./recording.ts";

/** A run that a page wants to look at: of a plan, as it was written, and checked before it is run; or a random one of a hunt. */
export type ReplayRequest = {
  readonly id: string;
  readonly seed: number;
  /** Of the engine; part of no choice, but of what a run says of itself. */
  readonly digest: string;
} & ({ readonly kind: "plan"; readonly plan: unknown } | { readonly kind: "random"; readonly variant: number });

/** What of a plan's topology a picture of it needs. */
export interface DrawnTopology {
  readonly systems: readonly { readonly name: string; readonly volumes: readonly { readonly name: string }[] }[];
  readonly links: readonly { readonly name: string; readonly between: readonly [string, string] }[];
}

export interface Replayed {
  readonly recording: Recording;
  readonly topology: DrawnTopology;
}

export type ReplayAnswer =
  /** It has loaded what it needs, and takes requests. */
  | { readonly kind: "ready" }
  | ({ readonly kind: "recording" } & Replayed)
  | { readonly kind: "failed"; readonly message: string };
