import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { ToxiproxyApi } from "../toxiproxy/toxiproxy-api.ts";

const BEAT_MS = 5;
const LATENCY_MS = 25;
/** A quarter of an hour. */
const BEATS_MAX = 200_000;
const BEAT_BYTES = 4;

/**
 * Tells how far this machine, at any time, was from doing things when they were due: beats go through
 * the Toxiproxy server under test, delayed by it, and are compared with when they should arrive. A
 * schedule that ran while beats came late says nothing of how Toxiproxy behaves.
 */
export class Canary {
  readonly #server: Server;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  /** When each beat was sent, and how much too late it came; infinitely, while it has not. */
  readonly #sentMs = new Float64Array(BEATS_MAX);
  readonly #lateMs = new Float64Array(BEATS_MAX).fill(Number.POSITIVE_INFINITY);
  #sent = 0;
  #arrivedBytes = 0;

  /** @param proxy a name not in use on the server, which must reach this machine's loopback address */
  static async start(api: ToxiproxyApi, proxy: string): Promise<Canary> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const upstream = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const listen = await api.create(proxy, "127.0.0.1:0", upstream);
    await api.addToxic(proxy, {
      name: "delay",
      direction: "upstream",
      toxic: { type: "latency", latencyMs: LATENCY_MS },
    });
    const socket = connect({ port: Number(listen.split(":").at(-1)), host: "127.0.0.1", noDelay: true });
    const [peer] = (await once(server, "connection")) as [Socket];
    return new Canary(server, socket, peer);
  }

  private constructor(server: Server, socket: Socket, peer: Socket) {
    this.#server = server;
    this.#socket = socket;
    for (const each of [socket, peer]) each.on("error", () => {});
    peer.on("data", (bytes: Buffer) => this.#arrived(bytes.length));
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  /** The greatest delay, in milliseconds, of what was due between two moments of `performance.now`. */
  disturbanceMs(fromMs: number, toMs: number): number {
    let worstMs = 0;
    let previousMs = fromMs;
    for (let beat = 0; beat < this.#sent; beat++) {
      const sentMs = this.#sentMs[beat] as number;
      if (sentMs < fromMs - LATENCY_MS) continue;
      if (sentMs > toMs) break;
      // A beat that was not sent in time counts as one that came late.
      const gapMs = sentMs >= fromMs ? sentMs - previousMs - BEAT_MS : 0;
      previousMs = Math.max(previousMs, sentMs);
      const lateMs = Math.min(this.#lateMs[beat] as number, performance.now() - sentMs - LATENCY_MS);
      worstMs = Math.max(worstMs, lateMs, gapMs);
    }
    return worstMs;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
    this.#server.close();
  }

  #beat(): void {
    if (this.#sent >= BEATS_MAX) return;
    this.#sentMs[this.#sent++] = performance.now();
    this.#socket.write(new Uint8Array(BEAT_BYTES));
  }

  #arrived(lengthBytes: number): void {
    const nowMs = performance.now();
    const first = Math.floor(this.#arrivedBytes / BEAT_BYTES);
    this.#arrivedBytes += lengthBytes;
    const end = Math.floor(this.#arrivedBytes / BEAT_BYTES);
    for (let beat = first; beat < end; beat++) this.#lateMs[beat] = nowMs - (this.#sentMs[beat] as number) - LATENCY_MS;
  }
}
