import { setTimeout as sleep } from "node:timers/promises";
import type { OutsideTarget } from "../../../target/outside-target.ts";
import { ContainerError } from "../container-error.ts";
import { CONTROL_PORT, NBD_PORT } from "../machine/machine.ts";
import type { RemoteControl } from "../remote-control.ts";
import type { NbdPlace } from "../remote-device.ts";
import type { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import { ProgramNotReady, type SystemPlace } from "../system-place.ts";
import { HttpControl } from "./http-control.ts";

export interface NodePlaceParts {
  readonly runtime: ContainerRuntime;
  readonly network: string;
  readonly system: string;
  readonly target: OutsideTarget;
  /** Path in the container → content. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Where a node serves the copies that it keeps, if it keeps them elsewhere than on disks of ours. */
export const COPIES_PORT = 10_810;
const READY_ASKED_MS = 15;
const LOG_LINES = 40;

/** A container as the place of one node. Its files stay over a kill, as those of a computer's own disk do. */
export class NodePlace implements SystemPlace {
  readonly address: string;
  readonly #parts: NodePlaceParts;
  readonly #name: string;
  #container: RunningContainer | undefined;

  constructor(parts: NodePlaceParts) {
    this.#parts = parts;
    this.#name = `node-${parts.system}`;
    this.address = parts.runtime.addressOf(this.#name);
  }

  get nbd(): NbdPlace {
    return { host: "127.0.0.1", port: this.#required().port(NBD_PORT) };
  }

  get copies(): NbdPlace {
    return { host: "127.0.0.1", port: this.#required().port(COPIES_PORT) };
  }

  async boot(): Promise<void> {
    try {
      if (this.#container === undefined) this.#container = await this.#create();
      else await this.#container.start();
    } catch (error) {
      // Without its image nothing was started.
      if (error instanceof ContainerError && error.code === "ENDED") throw new ProgramNotReady(error.message);
      throw error;
    }
    await this.#whenReady(this.#container);
  }

  control(): RemoteControl {
    const container = this.#required();
    return new HttpControl({
      url: `http://127.0.0.1:${container.port(CONTROL_PORT)}`,
      whenEnded: (signal) => container.whenEnded(signal),
      tellsPending: this.#parts.target.capabilities.has("pending-bitmap"),
    });
  }

  async kill(): Promise<void> {
    await this.#container?.kill();
  }

  async pause(): Promise<void> {
    await this.#required().pause();
  }

  async resume(): Promise<void> {
    await this.#required().resume();
  }

  async logs(lines?: number): Promise<string> {
    return (await this.#container?.logs(lines)) ?? "";
  }

  async remove(): Promise<void> {
    await this.#container?.remove();
  }

  #create(): Promise<RunningContainer> {
    const { runtime, network, target, files } = this.#parts;
    const { image, command, linuxCapabilities } = target.manifest;
    return runtime.start({
      name: this.#name,
      image,
      network,
      ports: [CONTROL_PORT, NBD_PORT, ...(target.capabilities.has("volume-disk") ? [] : [COPIES_PORT])],
      linuxCapabilities,
      files,
      ...(command === undefined ? {} : { command }),
      // Whether it is ready is asked here: that it never is, is its own fault.
      ready: async () => true,
    });
  }

  async #whenReady(container: RunningContainer): Promise<void> {
    const isReady = httpReady(CONTROL_PORT, "/readyz");
    const seconds = this.#parts.target.manifest.readySeconds;
    const untilMs = performance.now() + seconds * 1000;
    const ended = new AbortController();
    let end = "";
    container.whenEnded(ended.signal).then(
      (exitCode) => {
        end = `ended with exit code ${exitCode}`;
      },
      () => undefined,
    );
    try {
      while (!(await isReady((port) => container.port(port)))) {
        if (end === "" && performance.now() > untilMs) end = `is not ready within ${seconds} s`;
        if (end !== "") throw new ProgramNotReady(`the node ${end}:\n${await container.logs(LOG_LINES)}`);
        await sleep(READY_ASKED_MS);
      }
    } finally {
      ended.abort();
    }
  }

  #required(): RunningContainer {
    if (this.#container === undefined) throw new Error(`node ${this.#parts.system} was never started`);
    return this.#container;
  }
}
