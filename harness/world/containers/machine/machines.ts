import type { ContainerRuntime } from "../runtime/container-runtime.ts";
import { Machine } from "./machine.ts";

/** The machines of a stage: as many as the largest of its worlds had systems. */
export class Machines {
  readonly #runtime: ContainerRuntime;
  readonly #network: string;
  readonly #machines: Machine[] = [];
  #made = 0;

  constructor(runtime: ContainerRuntime, network: string) {
    this.#runtime = runtime;
    this.#network = network;
  }

  get all(): readonly Machine[] {
    return this.#machines;
  }

  /** The first so many; those that are not there are started. @throws ContainerError */
  async first(count: number): Promise<readonly Machine[]> {
    const missing = Math.max(0, count - this.#machines.length);
    const start = (): Promise<Machine> => Machine.start(this.#runtime, this.#network, `machine-${++this.#made}`);
    this.#machines.push(...(await Promise.all(Array.from({ length: missing }, start))));
    return this.#machines.slice(0, count);
  }

  /** @throws ContainerError */
  async reset(): Promise<void> {
    await Promise.all(this.#machines.map((machine) => machine.reset()));
  }

  /** For those that nobody can trust any more: the next world has new ones. */
  async remove(): Promise<void> {
    await Promise.all(this.#machines.splice(0).map((machine) => machine.remove()));
  }
}
