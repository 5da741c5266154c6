import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, Socket } from "node:net";
import { type Toxic, toxiproxyAttributes } from "../proxy/toxic.ts";
import type { Action, ConnectionRecord, Recording, RecordingFile, Schedule, ScheduledToxic, Side } from "./schedule.ts";
import { pattern } from "./schedule.ts";
import { schedules } from "./schedules.ts";
import { SideRecorder } from "./side-recorder.ts";

/**
 * Runs every schedule against a real Toxiproxy server and writes what it saw beside this file.
 * `TOXIPROXY_URL=http://127.0.0.1:8474 tsx harness/world/sim/net/recorded/record.node.ts [part of a name]`:
 * with a part of a name, only those schedules are run again. The machine should be quiet. The server:
 * `go install -ldflags "-X github.com/Shopify/toxiproxy/v2.Version=2.12.0" github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0`
 */
const url = process.env["TOXIPROXY_URL"];
const CONCURRENT = 4;

interface Peer {
  readonly socket: Socket;
  readonly recorder: SideRecorder;
}

async function api(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method,
    signal: AbortSignal.timeout(20_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

const toxicBody = (toxic: Toxic, toxicity = 1): object => ({
  type: toxic.type,
  toxicity,
  attributes: toxiproxyAttributes(toxic),
});

const addToxic = (proxy: string, { name, direction, toxic, toxicity }: ScheduledToxic): Promise<unknown> =>
  api("POST", `/proxies/${proxy}/toxics`, { name, stream: direction, ...toxicBody(toxic, toxicity) });

class Run {
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

  constructor(schedule: Schedule, index: number) {
    this.#schedule = schedule;
    this.#proxy = `recording${index}`;
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
    const created = (await api("POST", "/proxies", {
      name: this.#proxy,
      listen: "127.0.0.1:0",
      upstream: `127.0.0.1:${this.#upstreamPort}`,
      enabled: true,
    })) as { readonly listen: string };
    this.#listenPort = Number(created.listen.split(":").at(-1));
    for (const toxic of toxics) await addToxic(this.#proxy, toxic);
    this.#startMs = performance.now();
    const startedMs: number[] = [];
    const answeredMs: (number | null)[] = actions.map(() => null);
    const deleted = actions.some((action) => action.do === "delete");
    await Promise.all([
      ...actions.map(async (action, index) => {
        await until(this.#startMs + action.atMs);
        startedMs[index] = this.#nowMs();
        const answer = this.#perform(action);
        if (answer === undefined) return;
        await answer.then(
          () => {
            answeredMs[index] = this.#nowMs();
          },
          (error: unknown) => console.error(`${this.#schedule.name}, action ${index}: ${String(error)}`),
        );
      }),
      until(this.#startMs + untilMs),
    ]);
    const connections = this.#clients.map((client, index): ConnectionRecord => {
      const server = this.#servers[index]?.recorder.record();
      return { client: client.recorder.record(), ...(server === undefined ? {} : { server }) };
    });
    for (const peer of [...this.#clients, ...this.#servers]) peer.socket.destroy();
    this.#server?.close();
    if (!deleted) await api("DELETE", `/proxies/${this.#proxy}`);
    return { schedule: this.#schedule, startedMs, answeredMs, connections };
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
        return addToxic(this.#proxy, action);
      case "updateToxic":
        return api("PATCH", `${proxy}/toxics/${action.name}`, toxicBody(action.toxic, action.toxicity));
      case "removeToxic":
        return api("DELETE", `${proxy}/toxics/${action.name}`);
      case "enable":
      case "disable":
        return api("PATCH", proxy, { enabled: action.do === "enable" });
      case "delete":
        return api("DELETE", proxy);
      case "resetAll":
        return this.#resetOne();
      case "restart":
        return api("PATCH", proxy, { upstream: `localhost:${this.#upstreamPort}` });
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
    await api("PATCH", `/proxies/${this.#proxy}`, { enabled: true });
    const { toxics } = (await api("GET", `/proxies/${this.#proxy}`)) as { toxics: readonly { name: string }[] };
    for (const { name } of toxics) await api("DELETE", `/proxies/${this.#proxy}/toxics/${name}`);
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

async function main(): Promise<void> {
  if (url === undefined) throw new Error("TOXIPROXY_URL: found nothing, expected the address of a Toxiproxy API");
  const { version } = (await api("GET", "/version")) as { readonly version: string };
  const file = new URL("toxiproxy.json", import.meta.url);
  const only = process.argv[2] ?? "";
  const kept = new Map<string, Recording>();
  if (only !== "") {
    const previous = JSON.parse(await readFile(file, "utf8")) as RecordingFile;
    for (const recording of previous.recordings) kept.set(recording.schedule.name, recording);
  }
  const waiting = schedules.map((schedule, index) => ({ schedule, index })).filter(({ schedule }) => schedule.name.includes(only));
  // The first run of all is slow, and so not recorded.
  if (schedules[0] !== undefined) await new Run(schedules[0], schedules.length).run();
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      kept.set(next.schedule.name, await new Run(next.schedule, next.index).run());
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  const recordings = schedules.flatMap(({ name }) => kept.get(name) ?? []);
  const lines = recordings.map((recording) => JSON.stringify(recording)).join(",\n");
  await writeFile(file, `{"toxiproxyVersion":${JSON.stringify(version)},"recordings":[\n${lines}\n]}\n`);
  console.log(`${recordings.length} recordings of Toxiproxy ${version}`);
}

await main();
