import type { AnyFault } from "../fault/index.ts";
import type { RunWorld } from "../world/run-world.ts";

/** Looks on while a plan runs, and changes nothing: within the events that it is told of. */
export interface RunObserver {
  /** The systems are up, and the first step of the plan is about to be taken. */
  begin(world: RunWorld): void;
  /** A program logged the step. */
  step(system: string, name: string): void;
  /** A fault of the plan was injected just now, with this label. */
  struck(fault: AnyFault, label?: string): void;
  /** It has come to its end just now. */
  healed?(fault: AnyFault): void;
}
