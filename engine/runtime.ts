import type { Clock, Log, Random } from "./ports/index.ts";
import type { Tasks } from "./tasks.ts";

/** What every part of one running system shares. */
export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly tasks: Tasks;
}
