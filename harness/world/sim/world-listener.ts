import type { CrashKind } from "../world.ts";
import type { Step } from "./sim-log.ts";

/** Told what becomes of a simulated world, within the event in which it happens. */
export interface WorldListener {
  /** Before the crash touches disks and sockets. */
  systemDown(system: string, kind: CrashKind): void;
  /** The new incarnation serves hosts and administrators. */
  systemUp(system: string): void;
  /** Before a fault that may end connections strikes the link. */
  linkCut(link: string): void;
  linkHealed(link: string): void;
  /** The program of the system said so on its Log port. */
  step(system: string, step: Step): void;
  /** The program of the system gave up, or could not start. */
  targetFailed(system: string, error: unknown): void;
}
