import { setTimeout as sleep } from "node:timers/promises";
import { TOXIPROXY_IMAGE } from "../base-images.ts";
import { ContainerError } from "../container-error.ts";
import type { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import { lastWords } from "./last-words.ts";
import { ToxiproxyApi } from "./toxiproxy-api.ts";

const API_PORT = 8474;
const LOG_LINES = 500;
/** A call fails when the program is gone; the engine tells of its end a moment later. */
const TOLD_MS_MAX = 1000;

/** The Toxiproxy server of a run. Its proxies listen inside the network only; the harness reaches the API alone. */
export class ToxiproxyServer {
  readonly container: RunningContainer;
  readonly api: ToxiproxyApi;
  /** Settles if the program ends, with what a run is told that needed it. */
  readonly ended: Promise<ContainerError>;
  readonly #stop = new AbortController();
  #hasEnded = false;

  static async start(runtime: ContainerRuntime, network: string): Promise<ToxiproxyServer> {
    const container = await runtime.start({
      name: "toxiproxy",
      image: TOXIPROXY_IMAGE,
      command: ["-host=0.0.0.0", "-proxy-metrics"],
      network,
      ports: [API_PORT],
      ready: httpReady(API_PORT, "/version"),
    });
    return new ToxiproxyServer(container);
  }

  private constructor(container: RunningContainer) {
    this.container = container;
    this.api = new ToxiproxyApi(`http://127.0.0.1:${container.port(API_PORT)}`);
    const { promise, resolve } = Promise.withResolvers<ContainerError>();
    this.ended = promise;
    // Nobody can tell of an end if the container engine does not: then calls fail, and say so themselves.
    void this.#watch().then(resolve, () => undefined);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Why a run broke: if the program is gone, because of that, whatever call was the first to fail. */
  async reason(error: unknown): Promise<unknown> {
    return Promise.race([this.ended, sleep(TOLD_MS_MAX, error, { ref: false })]);
  }

  /** The program, started again, knows no proxy. Its address stays, the port of its API is another. */
  async startedAgain(): Promise<ToxiproxyServer> {
    await this.container.start();
    return new ToxiproxyServer(this.container);
  }

  /** Its end from here on is no news. */
  close(): void {
    this.#stop.abort();
  }

  async #watch(): Promise<ContainerError> {
    const exitCode = await this.container.whenEnded(this.#stop.signal);
    this.#hasEnded = true;
    const log = await this.container
      .logs(LOG_LINES)
      .catch((error: unknown) => `its log cannot be read: ${String(error)}`);
    return new ContainerError("TOXIPROXY", {
      place: `container ${this.container.address}`,
      found: `Toxiproxy ended with exit code ${exitCode}; it said last:\n${lastWords(log)}`,
      expected: "Toxiproxy to go on running, as all links lead through it",
      remedy:
        "after a panic, keep changes of toxics apart from ends of connections and from stalled receivers; else look for who stopped it",
    });
  }
}
