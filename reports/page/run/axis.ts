import type { EventColumns } from "../../../harness/replay/recording.ts";
import { firstAfter } from "./moment.ts";

/** What lies along the picture: virtual time, or events, each as wide as any other. */
export type AxisMode = "time" | "events";

/** From events to places, left to right, and back. */
export class Axis {
  readonly mode: AxisMode;
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly #events: EventColumns;

  constructor(events: EventColumns, mode: AxisMode, from: number, to: number, width: number) {
    this.#events = events;
    this.mode = mode;
    this.from = from;
    this.to = to;
    this.width = width;
  }

  x(event: number): number {
    if (this.mode === "time") return this.xOfTime(this.#timeOf(event));
    return ((event - this.from) / Math.max(1, this.to - this.from)) * this.width;
  }

  xOfTime(timeNs: number): number {
    if (this.mode === "events") return this.x(this.#eventOfTime(timeNs));
    const begin = this.#timeOf(this.from);
    return ((timeNs - begin) / Math.max(1, this.#timeOf(this.to) - begin)) * this.width;
  }

  /** The event nearest to a place. */
  eventAt(x: number): number {
    const part = Math.min(1, Math.max(0, x / this.width));
    if (this.mode === "events") return Math.round(this.from + part * (this.to - this.from));
    const begin = this.#timeOf(this.from);
    const event = this.#eventOfTime(begin + part * (this.#timeOf(this.to) - begin));
    return Math.min(this.to, Math.max(this.from, event));
  }

  #timeOf(event: number): number {
    return this.#events.timeNs[event] ?? 0;
  }

  /** The last event at or before a moment. */
  #eventOfTime(timeNs: number): number {
    return Math.max(0, firstAfter(this.#events.count, (index) => this.#timeOf(index), timeNs) - 1);
  }
}
