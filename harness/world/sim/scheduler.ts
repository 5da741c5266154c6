import TinyQueue from "tinyqueue";
import type { EventKind, EventLog } from "../../history/event-log.ts";
import type { Process } from "./process.ts";
import type { Pump, PumpScope } from "./pump.ts";

/** A callback that waits for its moment. Made by {@link Scheduler.schedule} only. */
export interface Scheduled {
  readonly timeNs: number;
  readonly sequence: number;
  readonly process: Process;
  readonly kind: EventKind;
  readonly a: number;
  readonly b: number;
  readonly cause: number;
  /** `undefined` once fired or cancelled. */
  callback: (() => void) | undefined;
}

const byTimeThenSequence = (left: Scheduled, right: Scheduled): number =>
  left.timeNs - right.timeNs || left.sequence - right.sequence;

/** How a run of the scheduler ended. */
export type SchedulerEnd = "finished" | "idle" | "event-limit" | "time-limit";

export interface SchedulerLimits {
  readonly eventsMax: number;
  readonly timeNsMax: number;
}

/**
 * Virtual time: a heap of events by (time, sequence), fired one at a time. Between two events every
 * promise chain that the first one touched runs to its end, because the pump gives each event a
 * macrotask of its own (rule 2).
 */
export class Scheduler {
  readonly log: EventLog;
  readonly #queue = new TinyQueue<Scheduled>([], byTimeThenSequence);
  readonly #limits: SchedulerLimits;
  #nowNs = 0;
  #sequence = 0;
  #current = -1;
  #end: SchedulerEnd | undefined;

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

  /**
   * Fires `callback` in `process` after `delayNs` (whole, not negative). A dead process never sees
   * it, a paused one sees it on resuming.
   */
  schedule(delayNs: number, process: Process, kind: EventKind, a: number, b: number, callback: () => void): Scheduled {
    const event: Scheduled = {
      timeNs: this.#nowNs + delayNs,
      sequence: this.#sequence++,
      process,
      kind,
      a,
      b,
      cause: this.#current,
      callback,
    };
    this.#queue.push(event);
    return event;
  }

  /** Records something that happens now, within the event being fired. */
  note(kind: EventKind, actor: number, a: number, b: number, content = 0): void {
    this.log.add(this.#nowNs, kind, actor, a, b, content, this.#current);
  }

  /** Ends the run after the event being fired. */
  finish(): void {
    this.#end ??= "finished";
  }

  /** Fires events until {@link finish}, a limit, or none is left. */
  async run(pump: Pump, scope?: PumpScope): Promise<SchedulerEnd> {
    await pump(() => this.#turn(), scope);
    return this.#end ?? "idle";
  }

  #turn(): boolean {
    if (this.#end !== undefined) return false;
    for (;;) {
      const event = this.#queue.pop();
      if (event === undefined) {
        this.#end = "idle";
        return false;
      }
      const { callback, process } = event;
      if (callback === undefined || process.state === "dead") continue;
      if (event.timeNs > this.#limits.timeNsMax) {
        this.#end = "time-limit";
        return false;
      }
      this.#nowNs = event.timeNs;
      if (process.state === "paused") {
        process.defer(event);
        continue;
      }
      if (this.log.count >= this.#limits.eventsMax) {
        this.#end = "event-limit";
        return false;
      }
      event.callback = undefined;
      this.#current = this.log.add(event.timeNs, event.kind, process.actor, event.a, event.b, 0, event.cause);
      callback();
      return true;
    }
  }

  /** Queues events that a paused process missed again, in their order, at the present moment. */
  replay(events: readonly Scheduled[]): void {
    for (const event of events) {
      this.schedule(0, event.process, event.kind, event.a, event.b, () => {
        // Read now, not when queued: the event may be cancelled between.
        const { callback } = event;
        event.callback = undefined;
        callback?.();
      });
    }
  }
}
