import { createServer, type Server, type Socket } from "node:net";
import type { Log, StepFields } from "../../ports/index.ts";
import { ByteAccess } from "./byte-access.ts";
import { LargeRequests } from "./large-requests.ts";
import type { NbdExport, NbdExports } from "./nbd-export.ts";
import { ServerConnection } from "./server-connection.ts";
import type { NbdServerTls } from "./server-tls.ts";
import { SlabPool } from "./slab.ts";

const MIB = 1024 * 1024;
/** Slabs that are kept for the next client, of all sizes. */
const IDLE_SLAB_BYTES = 16 * MIB;
/** Shared by all clients; see {@link NbdServer}. */
const BYTES = { total: 128 * MIB, clientMin: 2 * MIB, clientMax: 32 * MIB };
/** A volume of the engine takes 1024 requests; even if all clients use the same one it is not to refuse any. */
const REQUESTS = { total: 768, clientMin: 8, clientMax: 256 };

/** Requests of more than 4 MiB, of all clients together. */
const LARGE_REQUESTS_MAX = 4;

export type { NbdServerTls };

export interface NbdServerOptions {
  readonly exports: NbdExports;
  readonly tls?: NbdServerTls;
  readonly log?: Log;
  /** Further clients are turned away. 64 by default. */
  readonly clientsMax?: number;
  /** A client has this long for its whole handshake. 15 s by default. */
  readonly handshakeTimeoutMs?: number;
  /** A client may leave a request half sent, or replies unread, for so long. 60 s by default. */
  readonly stallTimeoutMs?: number;
}

export interface NbdAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Serves exports over the NBD protocol, fixed newstyle, to any number of clients at once.
 *
 * Every client has bounds of its own, and at them it is not read from until something of it is
 * done: its share, among those that are connected, of 768 requests under way (but from 8 to 256) and
 * of 128 MiB of requests and replies (but from 2 to 32 MiB; one request may always run, though of
 * those above 4 MiB only four at once, of all clients). One that
 * breaks the protocol, does not finish its handshake, or neither sends the rest of a request nor
 * reads its replies is dropped; the others do not notice.
 *
 * Requests need not be aligned to the 512 bytes that are advertised, whatever was negotiated:
 * sectors that are written in part are read, changed and written back while nobody else writes them.
 */
export class NbdServer {
  readonly #exports: NbdExports;
  readonly #server: Server;
  readonly #pool = new SlabPool(IDLE_SLAB_BYTES);
  readonly #large = new LargeRequests(LARGE_REQUESTS_MAX);
  readonly #clients = new Set<ServerConnection>();
  readonly #log: Log | undefined;
  readonly #tls: NbdServerTls | undefined;
  readonly #clientsMax: number;
  readonly #handshakeTimeoutMs: number;
  readonly #stallTimeoutMs: number;
  /** One an export, for all its clients. */
  readonly #accesses = new WeakMap<NbdExport, ByteAccess>();
  #draining = false;
  #clientCount = 0;

  constructor(options: NbdServerOptions) {
    this.#exports = options.exports;
    this.#log = options.log;
    this.#tls = options.tls;
    this.#clientsMax = options.clientsMax ?? 64;
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs ?? 15_000;
    this.#stallTimeoutMs = options.stallTimeoutMs ?? 60_000;
    this.#server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      pauseOnConnect: true,
    });
    this.#server.on("connection", (socket) => this.#accept(socket));
  }

  /** Connections that are open now. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /** @param address port 0 takes a free one. @throws the system's error if the address cannot be had */
  async listen(address: NbdAddress): Promise<NbdAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(address, () => {
        this.#server.off("error", reject);
        // An accept that fails, say for want of descriptors, must not end the program.
        this.#server.on("error", (error) => this.#tell("nbd.accept.failed", { why: error.message }));
        resolve();
      });
    });
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") return address;
    return { host: bound.address, port: bound.port };
  }

  /**
   * Takes no more clients and requests, answers those that run, and closes.
   * @param drainMs what is not through after this long is not waited for, and its connections are broken;
   *   5 s by default
   */
  async close({ drainMs = 5000 }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const answered = Promise.all([...this.#clients].map((client) => client.closed));
    for (const client of this.#clients) client.drain();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        for (const client of this.#clients) client.drop("the server was shut down");
        resolve();
      }, drainMs);
    });
    await Promise.race([answered, late]);
    clearTimeout(timer);
    await closed;
  }

  #accept(socket: Socket): void {
    if (this.#draining || this.#clients.size >= this.#clientsMax) {
      this.#tell("nbd.client.refused", { clients: this.#clients.size });
      socket.destroy();
      return;
    }
    const id = ++this.#clientCount;
    const client = new ServerConnection({
      socket,
      pool: this.#pool,
      exports: this.#exports,
      access: (target) => this.#accessOf(target),
      ...(this.#tls === undefined ? {} : { tls: this.#tls }),
      isDraining: () => this.#draining,
      large: this.#large,
      limits: () => ({ requests: this.#share(REQUESTS), bytes: this.#share(BYTES) }),
      handshakeTimeoutMs: this.#handshakeTimeoutMs,
      stallTimeoutMs: this.#stallTimeoutMs,
      tell: (name, fields) => this.#tell(name, { client: id, ...fields }),
    });
    this.#clients.add(client);
    void client.closed.then(() => this.#clients.delete(client));
  }

  #share({ total, clientMin, clientMax }: typeof BYTES): number {
    return Math.min(clientMax, Math.max(clientMin, Math.floor(total / this.#clients.size)));
  }

  #accessOf(target: NbdExport): ByteAccess {
    let access = this.#accesses.get(target);
    if (access === undefined) {
      access = new ByteAccess(target);
      this.#accesses.set(target, access);
    }
    return access;
  }

  #tell(name: string, fields: StepFields): void {
    this.#log?.step(name, fields);
  }
}
