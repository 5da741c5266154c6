import type { EventKind } from "../../history/event-log.ts";
import type { Process } from "./process.ts";

/**
 * A callback that waits for its moment. Made by `Scheduler.schedule` only; one class, so that every
 * event has one shape and the hot loop stays monomorphic.
 */
export class Scheduled {
  readonly timeNs: number;
  readonly sequence: number;
  readonly process: Process;
  readonly kind: EventKind;
  readonly a: number;
  readonly b: number;
  /** Index of the event during which it was scheduled; -1 for none. */
  readonly cause: number;
  /** `undefined` once fired or cancelled. */
  callback: (() => void) | undefined;

  constructor(
    timeNs: number,
    sequence: number,
    process: Process,
    kind: EventKind,
    a: number,
    b: number,
    cause: number,
    callback: () => void,
  ) {
    this.timeNs = timeNs;
    this.sequence = sequence;
    this.process = process;
    this.kind = kind;
    this.a = a;
    this.b = b;
    this.cause = cause;
    this.callback = callback;
  }

  /** After this it never fires. Idempotent, also after it fired; its place in the queue is reclaimed later. */
  cancel(): void {
    this.callback = undefined;
  }
}
