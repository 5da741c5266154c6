import { type Link, type LinkEndpoint, LinkError, type Listener } from "../../../../../engine/ports/index.ts";
import type { Process } from "../../process.ts";
import { AppGate } from "./app-gate.ts";
import type { Host } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import type { Lots } from "../proxy/lots.ts";
import { SimLink } from "./sim-link.ts";
import type { Socket } from "./socket.ts";

/** Who takes the connections made to an address. */
export interface Acceptor {
  readonly host: Host;
  accept(socket: Socket): void;
  /** A connection to an address that this acceptor had last was refused. */
  refused?(): void;
}

/** What a connection attempt came to. */
export type ConnectResult = "established" | "REFUSED" | "TIMEOUT";

/** The network, as an endpoint or a proxy sees it. */
export interface Switchboard {
  readonly kernel: Kernel;
  /** What proxies ask where Go leaves an order open; without it, each connection draws lots of its own. */
  readonly lots?: Lots | undefined;
  /** Starts a connection. `onResult` is called once; before this returns only if `from` is adjacent. */
  connect(from: Host, address: string, onResult: (result: ConnectResult, socket: Socket) => void): Socket;
  /** @throws NetworkError ADDRESS_IN_USE */
  bind(address: string, acceptor: Acceptor): void;
  unbind(address: string, acceptor: Acceptor): void;
}

/** Told of every write to a link, with the address. */
export type OnSent = (address: string, link: SimLink, lengthBytes: number) => void;

/** The LinkEndpoint port for one incarnation of a program. Its exit closes its sockets, as a kernel does. */
export class SimEndpoint implements LinkEndpoint {
  readonly host: Host;
  readonly #switchboard: Switchboard;
  readonly #gate: AppGate;
  readonly #onSent: OnSent | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #bound = new Map<string, Acceptor>();

  constructor(switchboard: Switchboard, process: Process, host: Host, onSent?: OnSent) {
    this.#switchboard = switchboard;
    this.host = host;
    this.#onSent = onSent;
    this.#gate = new AppGate(process, switchboard.kernel);
    process.onExit(() => this.#exit());
  }

  dial(address: string): Promise<Link> {
    if (this.#gate.dead) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      const socket = this.#switchboard.connect(this.host, address, (result) => {
        if (result !== "established") this.#sockets.delete(socket);
        this.#gate.enter(() => {
          if (result === "established") resolve(this.#link(socket, address));
          else reject(new LinkError(result, `dialling ${address}`));
        });
      });
      this.#sockets.add(socket);
    });
  }

  listen(address: string, onLink: (link: Link) => void): Listener {
    if (this.#gate.dead) return { close: () => {} };
    const waiting = new Set<Socket>();
    let open = true;
    const acceptor: Acceptor = {
      host: this.host,
      accept: (socket) => {
        this.#sockets.add(socket);
        waiting.add(socket);
        this.#gate.enter(() => {
          if (waiting.delete(socket) && open) onLink(this.#link(socket, address));
        });
      },
    };
    this.#switchboard.bind(address, acceptor);
    this.#bound.set(address, acceptor);
    return {
      close: () => {
        if (!open || this.#gate.dead) return;
        open = false;
        this.#unbind(address, acceptor);
        // Connections that the program never took are reset, not left open.
        for (const socket of waiting) this.#abandon(socket);
      },
    };
  }

  /** The host lost power: everything is gone, without a word. */
  vanish(): void {
    this.#sockets.clear();
    for (const [address, acceptor] of [...this.#bound]) this.#unbind(address, acceptor);
  }

  #link(socket: Socket, address: string): Link {
    const onSent = this.#onSent;
    const told =
      onSent === undefined
        ? undefined
        : (link: SimLink, lengthBytes: number): void => onSent(address, link, lengthBytes);
    return new SimLink(socket, this.#gate, () => this.#sockets.delete(socket), told);
  }

  #abandon(socket: Socket): void {
    socket.lingerZero = true;
    socket.close();
    this.#sockets.delete(socket);
  }

  #unbind(address: string, acceptor: Acceptor): void {
    this.#bound.delete(address);
    this.#switchboard.unbind(address, acceptor);
  }

  #exit(): void {
    for (const [address, acceptor] of [...this.#bound]) this.#unbind(address, acceptor);
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }
}
