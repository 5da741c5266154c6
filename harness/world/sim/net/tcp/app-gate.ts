import type { Process } from "../../process.ts";
import type { Kernel } from "./kernel.ts";

/** The way from the kernel into a program: open while it runs, later when it is paused, never when it is dead. */
export class AppGate {
  readonly #process: Process;
  readonly #kernel: Kernel;

  constructor(process: Process, kernel: Kernel) {
    this.#process = process;
    this.#kernel = kernel;
  }

  get running(): boolean {
    return this.#process.state === "running";
  }

  get dead(): boolean {
    return this.#process.state === "dead";
  }

  enter(callback: () => void): void {
    const { state } = this.#process;
    if (state === "running") callback();
    else if (state === "paused") this.#kernel.scheduler.schedule(0, this.#process, this.#kernel.wake, 0, 0, callback);
  }
}
