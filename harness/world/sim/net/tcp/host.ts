import type { Process } from "../../process.ts";
import type { Socket } from "./socket.ts";

/** A machine on the network: its kernel works on while its processes are paused or dead. */
export class Host {
  readonly name: string;
  /** What the events of its kernel belong to; never paused, never dead. */
  readonly kernel: Process;
  /** Packets reach its sockets at once, because it is a proxy, which stands beside whoever sends to it. */
  readonly adjacent: boolean;
  readonly sockets = new Set<Socket>();
  /** Sockets elsewhere that sent something to this host while it had no power. */
  readonly lostSenders = new Set<Socket>();
  #powered = true;

  constructor(name: string, kernel: Process, adjacent: boolean) {
    this.name = name;
    this.kernel = kernel;
    this.adjacent = adjacent;
  }

  get powered(): boolean {
    return this.#powered;
  }

  /** Its sockets are gone without a word to anybody. */
  losePower(): void {
    this.#powered = false;
    for (const socket of this.sockets) socket.vanish();
    this.sockets.clear();
  }

  restorePower(): void {
    if (this.#powered) return;
    this.#powered = true;
    const senders = [...this.lostSenders];
    this.lostSenders.clear();
    for (const sender of senders) sender.retransmit();
  }
}
