import type { Direction } from "../../../world.ts";
import type { SimRandom } from "../../sim-random.ts";
import type { ProxyEffects } from "./proxy-effects.ts";
import type { Socket } from "../tcp/socket.ts";
import type { StubWorld } from "./stub.ts";
import type { ToxicChain } from "./toxic-chain.ts";
import { ToxicLink } from "./toxic-link.ts";

/** Which link reads from the client's socket, and which writes to it. */
const SIDES = ["upstream", "downstream"] as const;
const REVERSED_SIDES = ["downstream", "upstream"] as const;

/**
 * One connection through a proxy: the sockets to the client and to the upstream, and the link each way. A link lives
 * longer than its sockets: until its writer finds an end, or that it cannot write. Until then changes of toxics reach it,
 * and may wait for it.
 */
export class ProxyConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #chain: ToxicChain;
  readonly #links: { upstream?: ToxicLink; downstream?: ToxicLink } = {};
  readonly #onOver: () => void;
  readonly #endedLinks: ToxicLink[] = [];
  #over = false;

  /** @param onOver called once, when both sockets are closed */
  constructor(client: Socket, server: Socket, chain: ToxicChain, onOver: () => void) {
    this.#client = client;
    this.#server = server;
    this.#chain = chain;
    this.#onOver = onOver;
  }

  /** Bytes in both links that neither came out nor were thrown away. */
  get bytesInside(): number {
    let inside = 0;
    for (const link of [this.#links.upstream, this.#links.downstream]) {
      if (link === undefined) continue;
      const { bytesIn, bytesOut, bytesDropped, bytesGivenUp } = link.counters;
      inside += bytesIn - bytesOut - bytesDropped - bytesGivenUp;
    }
    return inside;
  }

  /** Adds what this connection did to `effects`. */
  addTo(effects: ProxyEffects): void {
    const { upstream, downstream } = this.#links;
    effects.bytesUpstream += upstream?.counters.bytesOut ?? 0;
    effects.bytesDownstream += downstream?.counters.bytesOut ?? 0;
    effects.bytesGivenUp += (upstream?.counters.bytesGivenUp ?? 0) + (downstream?.counters.bytesGivenUp ?? 0);
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
          this.#chain.endLink(direction, link, () => {
            this.#endedLinks.push(link);
            this.#discardEnded();
          });
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
    // Whoever reads from it or writes to it finds it closed.
    const [reading, writing] = socket === this.#client ? SIDES : REVERSED_SIDES;
    this.#links[reading]?.reader.pump();
    this.#links[writing]?.writer.roomAgain();
    if (this.#over || !this.#client.closed || !this.#server.closed) return;
    this.#over = true;
    this.#discardEnded();
    this.#onOver();
  }

  /** A link that has ended still takes what its source sends, as far as it has room. */
  #discardEnded(): void {
    if (this.#over) for (const link of this.#endedLinks) link.discard();
  }
}
