import type { Socket } from "node:net";
import { AssertionError } from "../../assert.ts";
import type { StepFields } from "../../ports/index.ts";
import { adoptedSocket } from "../adopted-socket.ts";
import type { ByteAccess } from "./byte-access.ts";
import type { LargeRequests } from "./large-requests.ts";
import type { NbdExport, NbdExports } from "./nbd-export.ts";
import { type Chosen, ServerHandshake } from "./server-handshake.ts";
import { type NbdServerTls, securedByServer } from "./server-tls.ts";
import type { SlabPool } from "./slab.ts";
import { type ClientLimits, Transmission } from "./transmission.ts";
import { Wire, WireClosed } from "./wire.ts";

export interface ServerConnectionOptions {
  readonly socket: Socket;
  readonly pool: SlabPool;
  readonly exports: NbdExports;
  readonly access: (target: NbdExport) => ByteAccess;
  readonly tls?: NbdServerTls;
  readonly isDraining: () => boolean;
  readonly large: LargeRequests;
  readonly limits: () => ClientLimits;
  readonly handshakeTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly tell: (name: string, fields: StepFields) => void;
}

/** One client of the server, from its first byte to the end of its last request. */
export class ServerConnection {
  /** Settles when the connection is gone and nothing of it runs any more. */
  readonly closed: Promise<void>;
  readonly #options: ServerConnectionOptions;
  readonly #wire: Wire;
  #transmission: Transmission | undefined;
  /** Whether it has been said why the connection ends. */
  #told = false;

  constructor(options: ServerConnectionOptions) {
    this.#options = options;
    const { socket, pool, tls } = options;
    // A TLS socket brings memory of its own.
    this.#wire = new Wire(pool, (onread) => (tls === undefined ? adoptedSocket(socket, onread, true) : socket));
    this.closed = this.#life();
  }

  /** Answers what runs, and closes. */
  drain(): void {
    if (this.#transmission === undefined) this.#wire.end();
    else this.#transmission.drain();
  }

  drop(why: string): void {
    this.#tellOnce("nbd.client.dropped", why);
    this.#wire.drop();
  }

  async #life(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#wire.onClosed = (why) => {
        this.#tellOnce("nbd.client.closed", why);
        resolve();
      };
    });
    const { handshakeTimeoutMs } = this.#options;
    const timer = setTimeout(() => this.drop(`no handshake within ${handshakeTimeoutMs} ms`), handshakeTimeoutMs);
    try {
      const chosen = await this.#handshake();
      if (chosen === undefined || this.#wire.closed) this.#wire.end();
      else this.#transmit(chosen);
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      if (error instanceof WireClosed) this.#wire.drop();
      else this.drop(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
    await gone;
    await this.#transmission?.closed();
  }

  #handshake(): Promise<Chosen | undefined> {
    const { exports, tls, isDraining } = this.#options;
    const startTls = async (): Promise<void> => {
      if (tls !== undefined) await this.#wire.upgrade((raw) => securedByServer(raw, tls));
    };
    return new ServerHandshake({
      wire: this.#wire,
      exports,
      tlsRequired: tls?.required === true,
      isDraining,
      ...(tls === undefined ? {} : { startTls }),
    }).run();
  }

  #transmit({ target, structured, contexts }: Chosen): void {
    const { pool, access, large, limits, stallTimeoutMs, isDraining, tell } = this.#options;
    tell("nbd.client.attached", { export: target.name });
    const transmission = new Transmission({
      wire: this.#wire,
      pool,
      agreed: { access: access(target), structured, contexts },
      large,
      limits,
      onViolation: (why) => this.drop(why),
    });
    this.#transmission = transmission;
    const { socket } = this.#wire;
    // The timer starts anew at every byte, of either direction, that the other end sends or takes.
    socket.setTimeout(stallTimeoutMs, () => {
      if (transmission.clientOwes) this.drop(`nothing sent or read for ${stallTimeoutMs} ms`);
    });
    transmission.start();
    if (isDraining()) transmission.drain();
  }

  #tellOnce(name: string, why: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#options.tell(name, { why });
  }
}
