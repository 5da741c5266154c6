import type { NodeStatus } from "../../target/node-status.ts";
import type { NodeControl } from "../../target/outside-target.ts";
import type { LoggedStep } from "../run-world.ts";

/** Something that a system tells without being asked. */
export type RemoteEvent =
  | { readonly kind: "step"; readonly step: LoggedStep }
  | { readonly kind: "status"; readonly status: NodeStatus };

/** One incarnation of an engine, for the harness: what any node answers, and what a world wants to hear besides. */
export interface RemoteControl extends NodeControl {
  /** What it tells until `signal` is aborted. @throws if the program has ended by itself */
  events(signal: AbortSignal): AsyncIterable<RemoteEvent>;
  /** All that it shows of itself, for people. @throws NodeSilent */
  tables(): Promise<unknown>;
}
