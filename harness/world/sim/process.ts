import type { Scheduled } from "./scheduled.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * One incarnation of a program in the simulated world. Everything that can call back into it
 * (timers, completions, arrivals) is scheduled *for* it: when it is dead nothing arrives, when it
 * is paused everything waits.
 */
export class Process {
  readonly name: string;
  /** Its number in the event log. */
  readonly actor: number;
  readonly scheduler: Scheduler;
  readonly #onExit: (() => void)[] = [];
  #deferred: Scheduled[] = [];
  #state: "running" | "paused" | "dead" = "running";

  constructor(scheduler: Scheduler, name: string) {
    this.name = name;
    this.actor = scheduler.log.actor(name);
    this.scheduler = scheduler;
  }

  get state(): "running" | "paused" | "dead" {
    return this.#state;
  }

  /** Events that came due during the present pause. */
  get deferredCount(): number {
    return this.#deferred.length;
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    const deferred = this.#deferred;
    this.#deferred = [];
    this.scheduler.replay(deferred);
  }

  /** Ends it for good; a restart is a new incarnation. */
  kill(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#deferred = [];
    for (const callback of this.#onExit) callback();
  }

  /** Called once, in the order set, when the process dies: the kernel closing its sockets. */
  onExit(callback: () => void): void {
    this.#onExit.push(callback);
  }

  /** Keeps an event that came due during a pause. */
  defer(event: Scheduled): void {
    this.#deferred.push(event);
  }
}
