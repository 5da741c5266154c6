import { constants } from "node:crypto";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type OnReadOpts,
  type Server,
  Socket,
} from "node:net";
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  createServer as createTlsServer,
  type PeerCertificate,
  type SecureContext,
} from "node:tls";
import { assert } from "../../assert.ts";
import { type Link, type LinkEndpoint, LinkError, type Listener, type Log } from "../../ports/index.ts";
import { adoptedSocket } from "../adopted-socket.ts";
import { SetupError, systemCode } from "../setup-error.ts";
import { ReceiveSlab } from "./receive-slab.ts";
import { SocketLink } from "./socket-link.ts";

/** Where an address of the port is, for the side that dials it and for the one that listens there. */
export interface TcpAddress {
  readonly host: string;
  /** 0 to listen on any; the address then keeps the port that it got. */
  readonly port: number;
  /** Whose certificate the other end must show; needed with TLS. */
  readonly peer?: string;
}

/** What this system shows the others, and whom it believes; each in PEM. */
export interface TlsIdentity {
  /** The one authority. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TcpLinksOptions {
  /** By the name that the engine dials or listens at. */
  readonly addresses: ReadonlyMap<string, TcpAddress>;
  /** Without it, anybody who reaches the port is believed and can read everything. */
  readonly tls?: TlsIdentity;
  /** Hears of refused connections: step `link.refused`. */
  readonly log?: Log;
  /** How long a dial may take, TLS included; 5 seconds by default. */
  readonly dialTimeoutMs?: number;
}

/** The links of one system over TCP. */
export interface TcpLinks extends LinkEndpoint {
  /** Settles when everything that listens so far is bound. @throws SetupError LINK_ADDRESS */
  ready(): Promise<void>;
  /** The port at which `address` is, once it is bound. */
  portOf(address: string): number;
  /** Ends listeners, dials and links; settles when all is gone. Queued bytes are still sent. */
  close(): Promise<void>;
}

const DIAL_TIMEOUT_MS = 5_000;
/** A connection that nothing is sent on is probed after so long, and then each second; ten unanswered end it. */
const KEEPALIVE_MS = 5_000;
/** Connections at one address, handshakes included; what comes beyond is closed at once. */
const CONNECTIONS_MAX = 64;

/**
 * Links over TCP, or over TLS 1.3 where both sides show a certificate of one private authority.
 *
 * A stranger (no certificate, one of another authority, expired, or of another name than the address
 * expects) is refused before a byte of the application is read, and that is logged. In TLS 1.3 the
 * dialling side is through before the other has looked at its certificate, so a refused dial may
 * settle and its link end with a reset.
 *
 * @throws SetupError LINK_TLS if TLS is on and an address has no `peer`, or the identity is no identity
 */
export function tcpLinks(options: TcpLinksOptions): TcpLinks {
  return new Endpoint(options);
}

class Endpoint implements TcpLinks {
  readonly #options: TcpLinksOptions;
  readonly #secure: SecureContext | undefined;
  /** What listens now, by address. */
  readonly #listening = new Map<string, { readonly server: Server; readonly bound: Promise<void> }>();
  readonly #ports = new Map<string, number>();
  /** Everything that has to end before this has. */
  readonly #open = new Map<Server | Socket, SocketLink | undefined>();
  #closed = false;

  constructor(options: TcpLinksOptions) {
    this.#options = options;
    this.#secure = options.tls === undefined ? undefined : secureContext(options.tls);
    if (this.#secure === undefined) return;
    for (const [address, { peer }] of options.addresses) if (peer === undefined) throw noPeer(address);
  }

  async dial(address: string): Promise<Link> {
    const { host, port } = this.#addressOf(address);
    // It may be an address of our own that is about to be bound.
    await this.#listening.get(address)?.bound.catch(() => {});
    if (this.#closed) throw new LinkError("REFUSED", `${address}: this end is closed`);
    const target = { host, port: this.#ports.get(address) ?? port };
    if (this.#secure === undefined) return this.#dialTcp(address, target);
    const socket = connectTls({
      ...target,
      ...TLS_OPTIONS,
      secureContext: this.#secure,
      // Who must be there is said by the address; the name of the machine means nothing.
      checkServerIdentity: (_host, certificate) => this.#wrongPeer(address, certificate),
    });
    return this.#connected(address, socket, "secureConnect");
  }

  #dialTcp(address: string, target: { readonly host: string; readonly port: number }): Promise<Link> {
    const socket: Socket = connectTcp({ ...target, onread: this.#intoSlab(() => socket) });
    return this.#connected(address, socket, "connect");
  }

  listen(address: string, onLink: (link: Link) => void): Listener {
    assert(!this.#closed, "a closed endpoint does not listen");
    assert(!this.#listening.has(address), `one listener an address, and ${address} has one`);
    const server = this.#secure === undefined ? this.#tcpServer(onLink) : this.#tlsServer(address, onLink);
    server.maxConnections = CONNECTIONS_MAX;
    this.#track(server);
    const bound = this.#bind(server, address);
    // Whoever wants to know asks ready().
    bound.catch(() => {});
    this.#listening.set(address, { server, bound });
    return {
      close: () => {
        if (this.#listening.get(address)?.server !== server) return;
        this.#listening.delete(address);
        server.close();
      },
    };
  }

  async ready(): Promise<void> {
    await Promise.all([...this.#listening.values()].map(({ bound }) => bound));
  }

  portOf(address: string): number {
    return this.#ports.get(address) ?? this.#addressOf(address).port;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listening.clear();
    const ends = [...this.#open.keys()].map((part) => new Promise((resolve) => part.once("close", resolve)));
    for (const [part, link] of this.#open) {
      if (link !== undefined) link.close();
      else if (part instanceof Socket) part.destroy();
      else part.close();
    }
    await Promise.all(ends);
  }

  #tcpServer(onLink: (link: Link) => void): Server {
    return createTcpServer((accepted) => {
      const socket: Socket = adoptedSocket(
        accepted,
        this.#intoSlab(() => socket),
        false,
      );
      onLink(this.#link(socket));
    });
  }

  /** What a socket receives goes to its link by large pieces of memory. */
  #intoSlab(socket: () => Socket): OnReadOpts {
    const slab = new ReceiveSlab();
    return {
      buffer: () => slab.room(),
      callback: (count) => {
        this.#open.get(socket())?.arrive(slab.take(count), slab);
        return true;
      },
    };
  }

  #tlsServer(address: string, onLink: (link: Link) => void): Server {
    const server = createTlsServer({
      ...this.#options.tls,
      ...TLS_OPTIONS,
      requestCert: true,
      handshakeTimeout: this.#dialTimeoutMs,
    });
    server.on("tlsClientError", (error, socket) => {
      socket.on("error", () => {});
      // Of a certificate that is not believed, the error says no more than that the connection is gone.
      const why: unknown = socket.authorizationError;
      this.#refused(address, socket, typeof why === "string" ? new Error(why) : error);
    });
    server.on("secureConnection", (socket) => {
      const wrong = this.#wrongPeer(address, socket.getPeerCertificate());
      if (wrong === undefined) return onLink(this.#link(socket));
      socket.on("error", () => {});
      this.#refused(address, socket, wrong);
      socket.destroy();
    });
    return server;
  }

  #bind(server: Server, address: string): Promise<void> {
    const { host, port } = this.#addressOf(address);
    return new Promise((resolve, reject) => {
      server.once("listening", () => {
        this.#ports.set(address, (server.address() as AddressInfo).port);
        resolve();
      });
      server.on("error", (error) => {
        this.#options.log?.step("link.listen.failed", { address, why: systemCode(error) });
        reject(cannotListen(address, `${host}:${port}`, error));
      });
      server.listen({ host, port: this.#ports.get(address) ?? port });
    });
  }

  #connected(address: string, socket: Socket, event: "connect" | "secureConnect"): Promise<Link> {
    this.#track(socket);
    let reached = false;
    socket.once("connect", () => {
      reached = true;
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new LinkError("TIMEOUT", `${address}: no answer in ${this.#dialTimeoutMs} ms`));
        socket.destroy();
      }, this.#dialTimeoutMs);
      const onError = (error: Error): void => {
        // That nobody is there is not worth a line at every attempt; that somebody else is, is.
        if (reached) this.#refused(address, socket, error);
        reject(new LinkError("REFUSED", `${address}: ${systemCode(error)}`));
      };
      socket.on("error", onError);
      socket.once("close", () => {
        clearTimeout(timer);
        reject(new LinkError("REFUSED", `${address}: closed`));
      });
      socket.once(event, () => {
        clearTimeout(timer);
        resolve(this.#link(socket));
        socket.off("error", onError);
      });
    });
  }

  #link(socket: Socket): SocketLink {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    const link = new SocketLink(socket);
    if (!this.#open.has(socket)) this.#track(socket);
    this.#open.set(socket, link);
    return link;
  }

  #track(part: Server | Socket): void {
    this.#open.set(part, undefined);
    part.once("close", () => this.#open.delete(part));
  }

  #wrongPeer(address: string, certificate: PeerCertificate): Error | undefined {
    return checkServerIdentity(this.#addressOf(address).peer ?? "", certificate);
  }

  #refused(address: string, socket: Socket, error: Error): void {
    const why = "code" in error ? systemCode(error) : error.message;
    this.#options.log?.step("link.refused", { address, from: socket.remoteAddress ?? "", why });
  }

  get #dialTimeoutMs(): number {
    return this.#options.dialTimeoutMs ?? DIAL_TIMEOUT_MS;
  }

  #addressOf(address: string): TcpAddress {
    const found = this.#options.addresses.get(address);
    assert(found !== undefined, `${address} is no address of this endpoint`);
    return found;
  }
}

/** TLS 1.3 alone, and no resumption: a certificate that has expired must not live on in a ticket. */
const TLS_OPTIONS = {
  minVersion: "TLSv1.3",
  secureOptions: constants.SSL_OP_NO_TICKET,
  rejectUnauthorized: true,
} as const;

function secureContext({ ca, cert, key }: TlsIdentity): SecureContext {
  try {
    return createSecureContext({ ca, cert, key, ...TLS_OPTIONS });
  } catch (error) {
    throw new SetupError(
      "LINK_TLS",
      {
        place: "the identity of this system",
        found: systemCode(error),
        expected: "an authority, a certificate and its key, in PEM",
        remedy: "make keys with `resilver keys`, and name the right files",
      },
      { cause: error },
    );
  }
}

function noPeer(address: string): SetupError {
  return new SetupError("LINK_TLS", {
    place: `link address ${address}`,
    found: "no name of a peer",
    expected: "the system whose certificate the other end shows",
    remedy: "name the peer of every address",
  });
}

function cannotListen(address: string, place: string, error: Error): SetupError {
  return new SetupError(
    "LINK_ADDRESS",
    {
      place: `link address ${address}`,
      found: systemCode(error),
      expected: `${place} to listen at`,
      remedy: "correct host and port, or stop what listens there",
    },
    { cause: error },
  );
}
