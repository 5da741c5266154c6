import type { EventKind } from "../../history/event-log.ts";
import type { Scheduler } from "./scheduler.ts";

/** 2026-01-01T00:00:00Z: every simulated watch starts there unless told otherwise. */
export const WALL_START_MS = 1_767_225_600_000;

/** How far a simulated oscillator may be off, in parts per million: a tenth. */
export const DRIFT_PPM_MAX = 100_000;

/**
 * The oscillator and the watch of one simulated host. They survive its processes: a restarted one
 * finds the drift and the steps that were there before.
 */
export class HostTime {
  readonly #scheduler: Scheduler;
  readonly #actor: number;
  readonly #stepKind: EventKind;
  readonly #driftKind: EventKind;
  #driftPpm = 0;
  /** Virtual and local time at the last change of drift. */
  #baseVirtualNs = 0;
  #baseLocalNs = 0;
  #wallOffsetMs: number;

  constructor(scheduler: Scheduler, hostName: string, wallStartMs = WALL_START_MS) {
    this.#scheduler = scheduler;
    this.#actor = scheduler.log.actor(hostName);
    this.#stepKind = scheduler.log.kind("clock.step", "deltaMs");
    this.#driftKind = scheduler.log.kind("clock.drift", "driftPpm");
    this.#wallOffsetMs = wallStartMs;
  }

  get driftPpm(): number {
    return this.#driftPpm;
  }

  /** Local nanoseconds now: never goes back, whatever happens to drift and wall clock. */
  localNs(): number {
    return this.localAt(this.#scheduler.nowNs);
  }

  /** Local nanoseconds at the virtual time `virtualNs`, not before the last change of drift. */
  localAt(virtualNs: number): number {
    const passedNs = virtualNs - this.#baseVirtualNs;
    return this.#baseLocalNs + passedNs + Math.floor((passedNs * this.#driftPpm) / 1e6);
  }

  /** The first virtual time at which, at the present drift, local time is `localNs` or later. */
  virtualAt(localNs: number): number {
    const aheadNs = localNs - this.#baseLocalNs;
    let virtualNs =
      this.#baseVirtualNs + (this.#driftPpm === 0 ? aheadNs : Math.ceil(aheadNs / (1 + this.#driftPpm / 1e6)));
    if (this.#driftPpm === 0) return virtualNs;
    // The division is rounded; the answer is a step or two away, found with the exact function.
    for (let step = 0; step < 64 && this.localAt(virtualNs) < localNs; step++) virtualNs++;
    for (let step = 0; step < 64 && this.localAt(virtualNs - 1) >= localNs; step++) virtualNs--;
    return virtualNs;
  }

  /** Whole milliseconds since 1970 as this host's watch shows them. */
  wallMs(): number {
    return Math.floor(this.wallUs() / 1000);
  }

  /** Likewise, microseconds. */
  wallUs(): number {
    return this.#wallOffsetMs * 1000 + Math.floor(this.localNs() / 1000);
  }

  /** Steps the watch by `deltaMs`, either way. Monotonic time and timers go on as before. */
  stepWall(deltaMs: number): void {
    if (!Number.isSafeInteger(deltaMs)) throw new Error(`a clock step of ${deltaMs} ms: expected a whole number`);
    this.#wallOffsetMs += deltaMs;
    this.#scheduler.note(this.#stepKind, this.#actor, deltaMs, 0);
  }

  /** From now on local time runs `driftPpm` parts per million fast (or slow, if negative). */
  setDrift(driftPpm: number): void {
    if (!Number.isInteger(driftPpm) || Math.abs(driftPpm) > DRIFT_PPM_MAX)
      throw new Error(`a drift of ${driftPpm} ppm: expected a whole number, at most ${DRIFT_PPM_MAX} either way`);
    const virtualNs = this.#scheduler.nowNs;
    this.#baseLocalNs = this.localAt(virtualNs);
    this.#baseVirtualNs = virtualNs;
    this.#driftPpm = driftPpm;
    this.#scheduler.note(this.#driftKind, this.#actor, driftPpm, 0);
  }
}
