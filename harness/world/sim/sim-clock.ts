import type { Clock, Timer } from "../../../engine/ports/index.ts";
import type { EventKind } from "../../history/event-log.ts";
import type { HostTime } from "./host-time.ts";
import type { Process } from "./process.ts";
import type { Scheduled } from "./scheduled.ts";

/** The {@link Clock} of one process: its host's time, timers that die and pause with the process. */
export class SimClock implements Clock {
  readonly #process: Process;
  readonly #time: HostTime;
  readonly #kind: EventKind;

  constructor(process: Process, time: HostTime) {
    this.#process = process;
    this.#time = time;
    this.#kind = process.scheduler.log.kind("timer", "delayNs");
  }

  monotonicNs(): number {
    return this.#time.localNs();
  }

  wallMs(): number {
    return this.#time.wallMs();
  }

  /** @throws Error if `delayNs` is negative or not whole: a bug of the caller. */
  after(delayNs: number, callback: () => void): Timer {
    if (!Number.isSafeInteger(delayNs) || delayNs < 0)
      throw new Error(`a timer of ${delayNs} ns: expected a whole number, 0 or more`);
    const timer = new SimTimer(this.#process, this.#time, this.#kind, this.#time.localNs() + delayNs, callback);
    timer.arm();
    return timer;
  }
}

/** Waits for a local time. Its virtual moment is known only as long as the drift does not change. */
class SimTimer implements Timer {
  readonly #process: Process;
  readonly #time: HostTime;
  readonly #kind: EventKind;
  readonly #dueLocalNs: number;
  readonly #callback: () => void;
  readonly #onDue = (): void => {
    // Local time slowed down since this was armed.
    if (this.#time.localNs() < this.#dueLocalNs) this.arm();
    else this.#callback();
  };
  #scheduled: Scheduled | undefined;

  constructor(process: Process, time: HostTime, kind: EventKind, dueLocalNs: number, callback: () => void) {
    this.#process = process;
    this.#time = time;
    this.#kind = kind;
    this.#dueLocalNs = dueLocalNs;
    this.#callback = callback;
  }

  arm(): void {
    const { scheduler } = this.#process;
    const localNs = this.#time.localNs();
    const delayNs = Math.max(0, this.#time.virtualAt(this.#dueLocalNs) - scheduler.nowNs);
    this.#scheduled = scheduler.schedule(
      delayNs,
      this.#process,
      this.#kind,
      this.#dueLocalNs - localNs,
      0,
      this.#onDue,
    );
  }

  cancel(): void {
    this.#scheduled?.cancel();
  }
}
