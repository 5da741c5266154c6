import { setTimeout as sleep } from "node:timers/promises";
import { ContainerError } from "../container-error.ts";
import { programFile, programImage } from "../program-image.ts";
import type { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import type { Boot } from "./engine-processes.ts";

/** Where the files of an engine are in its machine. */
export const MACHINE_FOLDER = "/var/lib/resilver";
/** Ports of an engine in its container. */
export const CONTROL_PORT = 7070;
export const NBD_PORT = 10_809;
const MACHINE_PORT = 8080;

const PROGRAM = "/opt/resilver-machine/machine.mjs";
const ENGINE = ["node", "/opt/resilver/engine.mjs", "engine", "--config", "-"];
const CALL_MS_MAX = 10_000;
const READY_MS_MAX = 30_000;
const READY_ASKED_MS = 10;
const END_ASKED_MS = 100;
const LOG_LINES = 20;

/**
 * A container in which engines are started and killed, one after the other: its first process is a program of ours
 * that has the next engine loaded. It outlives engines as a computer does, and worlds, with a reset between two.
 */
export class Machine {
  readonly name: string;
  readonly #container: RunningContainer;
  /** Since when what it prints is of this world, by its own clock. */
  #sinceMs = 0;

  /** @throws ContainerError */
  static async start(runtime: ContainerRuntime, network: string, name: string): Promise<Machine> {
    const container = await runtime.start({
      name,
      image: await programImage("engine"),
      network,
      ports: [CONTROL_PORT, NBD_PORT, MACHINE_PORT],
      // Without source maps, which are a fourth of what it costs a processor to load an engine; those of the image stay
      // for who reads a stack. With a time zone that is told: to find that there is none, each engine would compare all
      // that there are, for 25 ms of a start.
      environment: { NODE_OPTIONS: "", TZ: "UTC" },
      files: { [PROGRAM]: await programFile("machine") },
      command: ["node", PROGRAM, MACHINE_FOLDER, "--", ...ENGINE],
      ready: httpReady(MACHINE_PORT, "/healthz"),
    });
    return new Machine(container);
  }

  private constructor(container: RunningContainer) {
    this.name = container.name;
    this.#container = container;
  }

  /** What others on its network dial. */
  get address(): string {
    return this.#container.address;
  }

  /** The port on 127.0.0.1 that leads to `containerPort`; the same for every engine. */
  port(containerPort: number): number {
    return this.#container.port(containerPort);
  }

  /** Has an engine start; ends when it is ready. @throws ContainerError if it ends, or never is */
  async boot(boot: Boot): Promise<void> {
    await this.#call("POST", "boot", boot);
    const isReady = httpReady(CONTROL_PORT, "/readyz");
    const untilMs = performance.now() + READY_MS_MAX;
    let endAskedMs = performance.now();
    while (!(await isReady((port) => this.port(port)))) {
      const nowMs = performance.now();
      const isLate = nowMs > untilMs;
      // Each question takes time from the engine that starts.
      if (isLate || nowMs - endAskedMs > END_ASKED_MS) {
        endAskedMs = nowMs;
        const { end } = (await this.#call("GET", "end")) as { readonly end: string };
        if (end !== "" || isLate) {
          const found = end === "" ? `not ready within ${READY_MS_MAX} ms` : end;
          throw this.#error(`${found}: ${await this.logs(LOG_LINES)}`, "an engine that becomes ready");
        }
      }
      await sleep(READY_ASKED_MS);
    }
  }

  /** SIGKILL, and its end: the kernel has closed its sockets. Nothing if no engine runs. */
  async kill(): Promise<void> {
    await this.#call("POST", "kill");
  }

  /** The engine runs no instruction more; its sockets stay, and are silent. */
  async pause(): Promise<void> {
    await this.#call("POST", "pause");
  }

  async resume(): Promise<void> {
    await this.#call("POST", "resume");
  }

  /** What its engines printed last in this world. */
  logs(lines?: number): Promise<string> {
    return this.#container.logs(lines, this.#sinceMs);
  }

  /** For the next world: no engine, no files. {@link left} says whether that is so. */
  async reset(): Promise<void> {
    const { atMs } = (await this.#call("POST", "reset")) as { readonly atMs: number };
    this.#sinceMs = atMs;
  }

  /** Processes and files that a machine has not which was just started. */
  async left(): Promise<readonly string[]> {
    return ((await this.#call("GET", "left")) as { readonly left: readonly string[] }).left;
  }

  async remove(): Promise<void> {
    await this.#container.remove();
  }

  async #call(method: string, what: string, body?: unknown): Promise<unknown> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port(MACHINE_PORT)}/v1/${what}`, {
        method,
        signal: AbortSignal.timeout(CALL_MS_MAX),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw this.#error(`${what}: status ${response.status}, ${await response.text()}`, "it done");
      return await response.json();
    } catch (error) {
      if (error instanceof ContainerError) throw error;
      throw this.#error(`${what}: ${String((error as Error).cause ?? error)}`, "an answer in time", error);
    }
  }

  #error(found: string, expected: string, cause?: unknown): ContainerError {
    const remedy = `docker logs ${this.#container.id.slice(0, 12)}`;
    return new ContainerError("RUNTIME", { place: `machine ${this.address}`, found, expected, remedy }, cause);
  }
}
