import { SECTOR_BYTES } from "../../../engine/ports/index.ts";
import type { EventKind } from "../../history/event-log.ts";
import type { HostRequestKind, HostStation } from "../run-world.ts";
import { Process } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimSystem } from "./sim-system.ts";

/** The machine of a volume's host: a process of its own in virtual time. */
export class SimHostStation implements HostStation {
  readonly #scheduler: Scheduler;
  readonly #system: SimSystem;
  readonly #process: Process;
  readonly #kinds: Record<HostRequestKind | "done" | "error" | "timer", EventKind>;

  constructor(scheduler: Scheduler, system: SimSystem, volume: string) {
    const { log } = scheduler;
    this.#scheduler = scheduler;
    this.#system = system;
    this.#process = new Process(scheduler, `host/${volume}`);
    this.#kinds = {
      write: log.kind("host.write", "sector", "lengthBytes"),
      read: log.kind("host.read", "sector", "lengthBytes"),
      flush: log.kind("host.flush"),
      trim: log.kind("host.trim", "sector", "lengthBytes"),
      zeroes: log.kind("host.zeroes", "sector", "lengthBytes"),
      done: log.kind("host.done", "operation"),
      error: log.kind("host.error", "operation"),
      timer: log.kind("host.timer"),
    };
  }

  sleep(delayNs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.schedule(delayNs, this.#process, this.#kinds.timer, 0, 0, resolve);
    });
  }

  /** For the system's process: a paused system does not even notice the request. */
  send(kind: HostRequestKind, offsetBytes: number, lengthBytes: number, body: () => void): void {
    const { process } = this.#system;
    if (process === undefined) return;
    this.#scheduler.schedule(0, process, this.#kinds[kind], offsetBytes / SECTOR_BYTES, lengthBytes, body);
  }

  ended(isDone: boolean, operation: number, contentHash: number): void {
    const kind = isDone ? this.#kinds.done : this.#kinds.error;
    this.#scheduler.note(kind, this.#process.actor, operation, 0, contentHash);
  }
}
