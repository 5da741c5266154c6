import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { TOXIPROXY_IMAGE, TOXIPROXY_VERSION } from "../base-images.ts";
import { ContainerError } from "../container-error.ts";
import type { ContainerRuntime } from "../runtime/container-runtime.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import { lastWords } from "../toxiproxy/last-words.ts";
import { ToxiproxyApi, ToxiproxyHangs } from "../toxiproxy/toxiproxy-api.ts";
import { Canary } from "./canary.ts";

/** Beyond this a server that crashes is an error: something is wrong with it, or with what is asked of it. */
const CRASHES_MAX = 5;

/**
 * A Toxiproxy server on the network of this machine: through published ports a refusal would be an end,
 * and so would a reset. If it panics or hangs, it is started again, and what ran meanwhile says nothing.
 */
export class LiveServer {
  readonly url: string;
  /** The first lines of each panic. */
  readonly crashes: string[] = [];
  readonly #container: RunningContainer;
  #canary: Canary;

  static async start(runtime: ContainerRuntime): Promise<LiveServer> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const container = await runtime.start({
      name: "toxiproxy",
      image: TOXIPROXY_IMAGE,
      command: ["-host=127.0.0.1", `-port=${port}`],
      environment: { LOG_LEVEL: "error" },
      network: "host",
      ports: [],
      ready: async () => (await fetch(`${url}/version`).catch(() => undefined))?.ok === true,
    });
    return new LiveServer(url, container, await canaryOf(url));
  }

  private constructor(url: string, container: RunningContainer, canary: Canary) {
    this.url = url;
    this.#container = container;
    this.#canary = canary;
  }

  /** Tells how late this machine was; another one after a crash. */
  get canary(): Canary {
    return this.#canary;
  }

  /** @returns true if it had crashed or hung, and runs again. @throws ContainerError if it crashes again and again */
  async revived(): Promise<boolean> {
    if ((await this.#container.state()) === "running") {
      const hangs = await new ToxiproxyApi(this.url).proxies().then(
        () => false,
        (error: unknown) => error instanceof ToxiproxyHangs,
      );
      if (!hangs) return false;
      await this.#container.kill();
    }
    const panic = lastWords(await this.#container.logs(500));
    this.crashes.push(panic);
    if (this.crashes.length > CRASHES_MAX)
      throw new ContainerError("TOXIPROXY", {
        place: "differential tests",
        found: `${this.crashes.length} crashes: ${panic}`,
        expected: "a server that runs",
        remedy: "look for what the schedules of this run have in common",
      });
    this.#canary.stop();
    await this.#container.start();
    this.#canary = await canaryOf(this.url);
    return true;
  }

  stop(): void {
    this.#canary.stop();
  }
}

async function canaryOf(url: string): Promise<Canary> {
  const api = new ToxiproxyApi(url);
  const version = await api.version();
  if (version === TOXIPROXY_VERSION) return Canary.start(api, "canary");
  throw new ContainerError("TOXIPROXY", {
    place: url,
    found: `Toxiproxy ${version}`,
    expected: `Toxiproxy ${TOXIPROXY_VERSION}, which is simulated`,
    remedy: "ci/provision.sh",
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
