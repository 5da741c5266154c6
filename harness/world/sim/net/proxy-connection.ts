import type { SimRandom } from "../sim-random.ts";
import type { Socket } from "./socket.ts";
import type { StubWorld } from "./stub.ts";
import type { Direction } from "./toxic.ts";
import type { ToxicChain } from "./toxic-chain.ts";
import { ToxicLink } from "./toxic-link.ts";

/** One connection through a proxy: the sockets to the client and to the upstream, and the link each way. */
export class ProxyConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #chain: ToxicChain;
  readonly #links: { upstream?: ToxicLink; downstream?: ToxicLink } = {};
  readonly #onOver: () => void;
  #over = false;

  /** @param onOver called once, when both sockets are closed */
  constructor(client: Socket, server: Socket, chain: ToxicChain, onOver: () => void) {
    this.#client = client;
    this.#server = server;
    this.#chain = chain;
    this.#onOver = onOver;
  }

  /** Bytes that went in and came out neither as bytes nor as the effect of a toxic. */
  bytesInside(direction: Direction): number {
    const counters = this.#links[direction]?.counters;
    return counters === undefined ? 0 : counters.bytesIn - counters.bytesOut - counters.bytesDropped;
  }

  bytesOut(direction: Direction): number {
    return this.#links[direction]?.counters.bytesOut ?? 0;
  }

  start(world: StubWorld, random: SimRandom, done: () => void): void {
    this.#startLink("upstream", this.#client, this.#server, world, random, () =>
      this.#startLink("downstream", this.#server, this.#client, world, random, done),
    );
  }

  /** Closes both sockets. What is inside is lost. */
  close(): void {
    this.#closeSocket(this.#client);
    this.#closeSocket(this.#server);
  }

  #startLink(
    direction: Direction,
    source: Socket,
    destination: Socket,
    world: StubWorld,
    random: SimRandom,
    done: () => void,
  ): void {
    let started: ToxicLink | undefined;
    this.#chain.startLink(
      direction,
      (slots) => {
        const link = new ToxicLink(world, random.fork(direction), slots, source, destination, () => {
          this.#chain.endLink(direction, link);
          this.#closeSocket(destination);
        });
        started = link;
        this.#links[direction] = link;
        destination.onWritable = link.writer.roomAgain;
        source.onReadable = link.reader.pump;
        return link;
      },
      () => {
        // Bytes may wait since before the upstream was reached.
        started?.reader.pump();
        done();
      },
    );
  }

  #closeSocket(socket: Socket): void {
    socket.close();
    // Whoever reads from it finds it closed.
    this.#links[socket === this.#client ? "upstream" : "downstream"]?.reader.pump();
    if (this.#over || !this.#client.closed || !this.#server.closed) return;
    this.#over = true;
    for (const direction of ["upstream", "downstream"] as const) {
      const link = this.#links[direction];
      if (link === undefined) continue;
      this.#chain.endLink(direction, link);
      link.discard();
    }
    this.#onOver();
  }
}
