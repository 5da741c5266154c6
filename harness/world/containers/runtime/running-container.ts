import { setTimeout as sleep } from "node:timers/promises";
import type { Container, ContainerInspectInfo } from "dockerode";
import { ContainerError, type ContainerErrorCode } from "../container-error.ts";
import type { ContainerSpec } from "./container-spec.ts";
import { within } from "./within.ts";

const CALL_MS_MAX = 20_000;
const READY_MS_MAX = 30_000;
const READY_ASKED_MS = 15;
const LOG_LINES_MAX = 200;

export type ContainerState = "running" | "paused" | "stopped" | "removed";

/**
 * One container of a run, with what a test library has not: a kill that is a crash, another start, what it says and
 * is. Every call is bounded and ends when the engine has done it.
 */
export class RunningContainer {
  readonly name: string;
  /** What others on its network dial. */
  readonly address: string;
  readonly id: string;
  readonly #container: Container;
  readonly #spec: ContainerSpec;
  #ports = new Map<number, number>();

  constructor(container: Container, spec: ContainerSpec, address: string) {
    this.name = spec.name;
    this.address = address;
    this.id = container.id;
    this.#container = container;
    this.#spec = spec;
  }

  /** The port on 127.0.0.1 that leads to `containerPort`. Another one after each start. @throws ContainerError */
  port(containerPort: number): number {
    const port = this.#ports.get(containerPort);
    if (port !== undefined) return port;
    throw this.#error(`no published port for ${containerPort}`, "a running container that publishes it");
  }

  /** SIGKILL: the program is gone at once, the kernel closes its sockets. Nothing if it does not run. */
  async kill(): Promise<void> {
    const state = await this.state();
    if (state === "stopped" || state === "removed") return;
    // Of a paused one too: the engine thaws it after the signal, and it runs no instruction of its own.
    await this.#call("kill", (abortSignal) => this.#container.kill({ signal: "SIGKILL", abortSignal }));
    await this.#call("end", (abortSignal) => this.#container.wait({ condition: "not-running", abortSignal }));
    this.#ports.clear();
  }

  /** SIGTERM, and SIGKILL after `graceMs`, which is rounded up to seconds. @returns the exit code */
  async stop(graceMs: number): Promise<number> {
    const graceSeconds = Math.ceil(graceMs / 1000);
    await within(`stop of container ${this.name}`, CALL_MS_MAX + graceSeconds * 1000, (abortSignal) =>
      this.#container.stop({ t: graceSeconds, abortSignal }),
    );
    this.#ports.clear();
    return (await this.#inspect()).State.ExitCode;
  }

  /** Its programs run no instruction more; their sockets stay, and are silent. */
  async pause(): Promise<void> {
    await this.#call("pause", (abortSignal) => this.#container.pause({ abortSignal }));
  }

  async resume(): Promise<void> {
    await this.#call("end of the pause", (abortSignal) => this.#container.unpause({ abortSignal }));
  }

  /** Starts the program again, with its file system and volumes as they were left; ends when it is ready. */
  async start(): Promise<void> {
    await this.#call("start", (abortSignal) => this.#container.start({ abortSignal }));
    await this.whenReady();
  }

  /** Settles when its program ends, whoever ended it. @returns the exit code @throws if the engine ceases to tell, or `signal` says so */
  async whenEnded(signal: AbortSignal): Promise<number> {
    const { StatusCode } = (await this.#container.wait({ condition: "not-running", abortSignal: signal })) as {
      readonly StatusCode: number;
    };
    return StatusCode;
  }

  /** What it is doing now, as the engine says. */
  async state(): Promise<ContainerState> {
    try {
      const { State } = await this.#inspect();
      if (State.Paused) return "paused";
      return State.Running ? "running" : "stopped";
    } catch (error) {
      if (isNotFound(error)) return "removed";
      throw error;
    }
  }

  /** Names of the networks it is on. */
  async networks(): Promise<readonly string[]> {
    return Object.keys((await this.#inspect()).NetworkSettings.Networks);
  }

  /** The last lines of what it printed. @param sinceMs by its clock; 0 for all */
  async logs(lines = LOG_LINES_MAX, sinceMs = 0): Promise<string> {
    const options = { stdout: true, stderr: true, tail: lines, since: (sinceMs / 1000).toFixed(3) } as const;
    const raw = await this.#call("logs", (abortSignal) => this.#container.logs({ ...options, abortSignal }));
    return withoutHeaders(raw);
  }

  /** Kills and removes it. Nothing if it is gone. */
  async remove(): Promise<void> {
    await this.#call("removal", (abortSignal) => this.#container.remove({ force: true, v: true, abortSignal })).catch(
      (error: unknown) => {
        if (!isNotFound(error)) throw error;
      },
    );
    this.#ports.clear();
  }

  /** Learns the published ports and asks the program until it is ready. @throws ContainerError if it ends, or never is */
  async whenReady(): Promise<void> {
    const { ready, readyMsMax = READY_MS_MAX } = this.#spec;
    const untilMs = performance.now() + readyMsMax;
    while (true) {
      const info = await this.#inspect();
      this.#ports = publishedPorts(info);
      if (!info.State.Running) {
        const found = `exit code ${info.State.ExitCode}: ${await this.logs(20)}`;
        throw this.#error(found, "a program that goes on running", "ENDED");
      }
      // Ports appear a moment after the container.
      if (this.#spec.ports.every((port) => this.#ports.has(port)) && (await this.#isReady(ready, untilMs))) return;
      if (performance.now() > untilMs)
        throw this.#error(`not ready within ${readyMsMax} ms: ${await this.logs(20)}`, "a program that becomes ready");
    }
  }

  /** Asks for about a second, so that an end of the program is seen soon. */
  async #isReady(ready: ContainerSpec["ready"], untilMs: number): Promise<boolean> {
    const roundMs = Math.min(untilMs, performance.now() + 1000);
    do {
      if (await ready((port) => this.port(port))) return true;
      await sleep(READY_ASKED_MS);
    } while (performance.now() < roundMs);
    return false;
  }

  #inspect(): Promise<ContainerInspectInfo> {
    return this.#call("inspection", (abortSignal) => this.#container.inspect({ abortSignal }));
  }

  #call<T>(what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return within(`${what} of container ${this.name}`, CALL_MS_MAX, call);
  }

  #error(found: string, expected: string, code: ContainerErrorCode = "RUNTIME"): ContainerError {
    const remedy = `docker logs ${this.id.slice(0, 12)}`;
    return new ContainerError(code, { place: `container ${this.name}`, found, expected, remedy });
  }
}

function publishedPorts(info: ContainerInspectInfo): Map<number, number> {
  const ports = new Map<number, number>();
  for (const [key, bindings] of Object.entries(info.NetworkSettings.Ports)) {
    const binding = (bindings as readonly { readonly HostPort: string }[] | null)?.[0];
    if (binding !== undefined && binding.HostPort !== "") ports.set(Number.parseInt(key), Number(binding.HostPort));
  }
  return ports;
}

/** True if the engine does not know the thing. */
export function isNotFound(error: unknown): boolean {
  const cause = error instanceof ContainerError ? error.cause : error;
  return (cause as { statusCode?: number } | undefined)?.statusCode === 404;
}

/** Without the 8 bytes before each piece that say which stream it is from and how long it is. */
function withoutHeaders(raw: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const sizeBytes = raw.readUInt32BE(at + 4);
    pieces.push(raw.subarray(at + 8, at + 8 + sizeBytes));
    at += 8 + sizeBytes;
  }
  return Buffer.concat(pieces).toString("utf8");
}
