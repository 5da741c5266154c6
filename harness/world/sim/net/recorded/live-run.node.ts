import { type AddressInfo, createServer, type Server, Socket } from "node:net";
import { type Toxic, toxiproxyAttributes } from "../proxy/toxic.ts";
import type { Action, ConnectionRecord, Recording, Schedule, ScheduledToxic, Side } from "./schedule.ts";
import { pattern } from "./schedule.ts";
import { SideRecorder } from "./side-recorder.ts";

const CALL_MS_MAX = 20_000;

/**
 * Runs one schedule against a real Toxiproxy server, which must reach this machine's loopback
 * addresses and be reached there: through a published port a refusal looks like an end.
 *
 * @param url of its API
 * @param proxy a name not in use; the proxy is gone afterwards
 * @param onRefusal told of each call that the API refused; its answer stays `null`
 * @returns what both ends saw, with the times at which each action was really begun
 */
export async function runLive(
  url: string,
  schedule: Schedule,
  proxy: string,
  onRefusal: (text: string) => void = () => {},
): Promise<Recording> {
  const run = new LiveRun(url, schedule, proxy, onRefusal);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

/** A call of the API. @throws Error for any answer but success */
export async function callToxiproxy(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method,
    signal: AbortSignal.timeout(CALL_MS_MAX),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

interface Peer {
  readonly socket: Socket;
  readonly recorder: SideRecorder;
}

const toxicBody = (toxic: Toxic, toxicity = 1): object => ({
  type: toxic.type,
  toxicity,
  attributes: toxiproxyAttributes(toxic),
});

class LiveRun {
  readonly #url: string;
  readonly #onRefusal: (text: string) => void;
  readonly #schedule: Schedule;
  readonly #proxy: string;
  readonly #clients: Peer[] = [];
  readonly #servers: Peer[] = [];
  /** Made before the run, because making them takes time. */
  readonly #writes = new Map<Action, Uint8Array>();
  #server: Server | undefined;
  #listenPort = 0;
  #upstreamPort = 0;
  #startMs = 0;
  #exists = false;

  constructor(url: string, schedule: Schedule, proxy: string, onRefusal: (text: string) => void) {
    this.#url = url;
    this.#onRefusal = onRefusal;
    this.#schedule = schedule;
    this.#proxy = proxy;
    const sentBytes = new Map<string, number>();
    for (const action of schedule.actions) {
      if (action.do !== "write") continue;
      const stream = `${action.side} ${action.connection ?? 0}`;
      const offset = sentBytes.get(stream) ?? 0;
      sentBytes.set(stream, offset + action.sizeBytes);
      this.#writes.set(action, pattern(action.side, offset, action.sizeBytes));
    }
  }

  async run(): Promise<Recording> {
    const { actions, toxics, untilMs } = this.#schedule;
    await this.#listen();
    const created = (await this.#api("POST", "/proxies", {
      name: this.#proxy,
      listen: "127.0.0.1:0",
      upstream: `127.0.0.1:${this.#upstreamPort}`,
      enabled: true,
    })) as { readonly listen: string };
    this.#exists = true;
    this.#listenPort = Number(created.listen.split(":").at(-1));
    for (const toxic of toxics) await this.#addToxic(toxic);
    this.#startMs = performance.now();
    const startedMs: number[] = [];
    const answeredMs: (number | null)[] = actions.map(() => null);
    const ends = await Promise.allSettled([
      ...actions.map(async (action, index) => {
        await until(this.#startMs + action.atMs);
        startedMs[index] = this.#nowMs();
        const answer = this.#perform(action);
        if (answer === undefined) return;
        await answer.then(
          () => {
            answeredMs[index] = this.#nowMs();
          },
          (error: unknown) => this.#onRefusal(`${this.#schedule.name}, action ${index}: ${String(error)}`),
        );
      }),
      until(this.#startMs + untilMs),
    ]);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    const connections = this.#clients.map((client, index): ConnectionRecord => {
      const server = this.#servers[index]?.recorder.record();
      return { client: client.recorder.record(), ...(server === undefined ? {} : { server }) };
    });
    return { schedule: this.#schedule, startedMs, answeredMs, connections };
  }

  /** Nothing of it is left, whatever happened. */
  async close(): Promise<void> {
    for (const peer of [...this.#clients, ...this.#servers]) peer.socket.destroy();
    this.#server?.close();
    if (this.#exists) await this.#api("DELETE", `/proxies/${this.#proxy}`);
  }

  #api(method: string, path: string, body?: unknown): Promise<unknown> {
    return callToxiproxy(this.#url, method, path, body);
  }

  #addToxic({ name, direction, toxic, toxicity }: ScheduledToxic): Promise<unknown> {
    const body = { name, stream: direction, ...toxicBody(toxic, toxicity) };
    return this.#api("POST", `/proxies/${this.#proxy}/toxics`, body);
  }

  #nowMs(): number {
    return Math.round((performance.now() - this.#startMs) * 10) / 10;
  }

  #perform(action: Action): Promise<unknown> | undefined {
    const proxy = `/proxies/${this.#proxy}`;
    switch (action.do) {
      case "connect": {
        const socket = new Socket({ allowHalfOpen: true });
        this.#clients.push(this.#watch(socket));
        socket.setNoDelay(true);
        socket.connect(this.#listenPort, "127.0.0.1");
        return undefined;
      }
      case "addToxic":
        return this.#addToxic(action);
      case "updateToxic":
        return this.#api("PATCH", `${proxy}/toxics/${action.name}`, toxicBody(action.toxic, action.toxicity));
      case "removeToxic":
        return this.#api("DELETE", `${proxy}/toxics/${action.name}`);
      case "enable":
      case "disable":
        return this.#api("PATCH", proxy, { enabled: action.do === "enable" });
      case "delete":
        this.#exists = false;
        return this.#api("DELETE", proxy);
      case "resetAll":
        return this.#resetOne();
      case "restart":
        return this.#api("PATCH", proxy, { upstream: `localhost:${this.#upstreamPort}` });
      case "stopServer":
        this.#server?.close();
        return undefined;
      case "startServer":
        void this.#listen();
        return undefined;
      default:
        this.#atPeer(action);
        return undefined;
    }
  }

  /** `POST /reset` for this proxy alone, since others are being recorded at the same time. */
  async #resetOne(): Promise<void> {
    await this.#api("PATCH", `/proxies/${this.#proxy}`, { enabled: true });
    const { toxics } = (await this.#api("GET", `/proxies/${this.#proxy}`)) as { toxics: readonly { name: string }[] };
    for (const { name } of toxics) await this.#api("DELETE", `/proxies/${this.#proxy}/toxics/${name}`);
  }

  #atPeer(action: Extract<Action, { readonly side: Side }>): void {
    const peer = (action.side === "client" ? this.#clients : this.#servers)[action.connection ?? 0];
    if (peer === undefined) throw new Error(`${this.#schedule.name}: no ${action.side} to ${action.do}`);
    const { socket } = peer;
    if (action.do === "write") socket.write(this.#writes.get(action) as Uint8Array);
    else if (action.do === "finish") socket.end();
    else if (action.do === "close") socket.destroy();
    else if (action.do === "reset") socket.resetAndDestroy();
    else socket[action.do]();
  }

  #watch(socket: Socket): Peer {
    const recorder = new SideRecorder();
    socket.on("data", (bytes) => recorder.bytes(this.#nowMs(), new Uint8Array(bytes)));
    socket.on("end", () => recorder.end(this.#nowMs(), "fin"));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      recorder.end(this.#nowMs(), error.code === "ECONNREFUSED" ? "refused" : "rst"),
    );
    return { socket, recorder };
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#servers.push(this.#watch(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(this.#upstreamPort, "127.0.0.1", resolve);
    });
    this.#upstreamPort = (server.address() as AddressInfo).port;
  }
}

async function until(timeMs: number): Promise<void> {
  const leftMs = timeMs - performance.now();
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
}

