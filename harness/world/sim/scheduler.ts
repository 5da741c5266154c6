import type { EventKind, EventLog } from "../../history/event-log.ts";
import { EventHeap } from "./event-heap.ts";
import type { Process } from "./process.ts";
import type { Pump, PumpScope } from "./pump.ts";
import { Scheduled } from "./scheduled.ts";

/** How a run of the scheduler ended. */
export type SchedulerEnd = "finished" | "idle" | "event-limit" | "time-limit";

export interface SchedulerLimits {
  readonly eventsMax: number;
  readonly timeNsMax: number;
}

/**
 * Virtual time: a heap of events by (time, sequence), fired one at a time. Between two events every
 * promise chain that the first one touched runs to its end, because the pump drains microtasks
 * after each event (rule 2).
 */
export class Scheduler {
  readonly log: EventLog;
  readonly #heap = new EventHeap();
  readonly #limits: SchedulerLimits;
  #nowNs = 0;
  #sequence = 0;
  #current = -1;
  #end: SchedulerEnd | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(log: EventLog, limits: SchedulerLimits) {
    this.log = log;
    this.#limits = limits;
  }

  /** Virtual nanoseconds since the start of the run. */
  get nowNs(): number {
    return this.#nowNs;
  }

  /** Index of the event being fired; -1 before the first. */
  get current(): number {
    return this.#current;
  }

  /** Events that wait, the cancelled ones not yet swept out included. */
  get pending(): number {
    return this.#heap.length;
  }

  /**
   * Fires `callback` in `process` after `delayNs` (whole, not negative). A dead process never sees
   * it, a paused one sees it on resuming.
   */
  schedule(delayNs: number, process: Process, kind: EventKind, a: number, b: number, callback: () => void): Scheduled {
    // Written so that NaN fails too: one NaN key would silently break the order of the whole heap.
    if (!(delayNs >= 0)) throw new Error(`${kind.name} scheduled ${delayNs} ns ahead: expected a delay of 0 or more`);
    const event = new Scheduled(this.#nowNs + delayNs, this.#sequence++, process, kind, a, b, this.#current, callback);
    this.#heap.push(event);
    return event;
  }

  /** Records something that happens now, within the event being fired; gives its index. */
  note(kind: EventKind, actor: number, a: number, b: number, content = 0): number {
    return this.log.add(this.#nowNs, kind, actor, a, b, content, this.#current);
  }

  /** Ends the run after the event being fired. */
  finish(): void {
    this.#end ??= "finished";
  }

  /** Ends the run after the event being fired: {@link run} rejects with the first error given. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /**
   * Fires events until {@link finish}, a limit, or none is left. After "idle" it can be called again.
   *
   * @throws what {@link fail} was given, or what a callback threw
   */
  async run(pump: Pump, scope?: PumpScope): Promise<SchedulerEnd> {
    if (this.#end === "idle") this.#end = undefined;
    await pump(() => this.#turn(), scope);
    return this.#end ?? "idle";
  }

  #turn(): boolean {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#end !== undefined) return false;
    for (;;) {
      const event = this.#heap.pop();
      if (event === undefined) return this.#stop("idle");
      const { callback, process, timeNs } = event;
      if (callback === undefined) continue;
      const { state } = process;
      if (state === "dead") continue;
      // An event that was deferred by a pause lies in the past; it fires now.
      if (timeNs > this.#nowNs) {
        if (timeNs > this.#limits.timeNsMax) return this.#stop("time-limit");
        this.#nowNs = timeNs;
      }
      if (state === "paused") {
        process.defer(event);
        continue;
      }
      if (this.log.count >= this.#limits.eventsMax) return this.#stop("event-limit");
      event.callback = undefined;
      this.#current = this.log.add(this.#nowNs, event.kind, process.actor, event.a, event.b, 0, event.cause);
      callback();
      return true;
    }
  }

  #stop(end: SchedulerEnd): false {
    this.#end = end;
    return false;
  }

  /**
   * Queues again what came due during a pause. Each keeps its key, so all of it fires at once and in
   * its order, before anything that comes due from now on.
   */
  replay(events: readonly Scheduled[]): void {
    for (const event of events) this.#heap.push(event);
  }
}
