import type { EventKind } from "../../../../history/event-log.ts";
import type { Direction } from "../../../world.ts";
import type { SimRandom } from "../../sim-random.ts";
import { Fifo } from "../tcp/fifo.ts";
import type { Host } from "../tcp/host.ts";
import { NetworkError } from "../tcp/network-error.ts";
import { OpQueue } from "./op-queue.ts";
import { ProxyConnection } from "./proxy-connection.ts";
import { noProxyEffects, type ProxyEffects } from "./proxy-effects.ts";
import type { Acceptor, Switchboard } from "../tcp/sim-endpoint.ts";
import type { Socket } from "../tcp/socket.ts";
import { seededLots } from "./lots.ts";
import type { StubWorld } from "./stub.ts";
import type { Toxic } from "./toxic.ts";
import { ToxicChain } from "./toxic-chain.ts";
import type { ToxicEffects } from "./toxic-effects.ts";

/** Where a proxy listens and whom it dials. */
export interface ProxyConfig {
  readonly listen: string;
  readonly upstream: string;
}

/** One toxic of a proxy as it is now. */
export interface ProxyToxic {
  readonly name: string;
  readonly direction: Direction;
  readonly toxic: Toxic;
  readonly toxicity: number;
  /** Live counters. */
  readonly effects: Readonly<ToxicEffects>;
}

/** Longer than any run: a latency of it holds everything and loses nothing. */
const HOLD_MS = 3_600_000;

/**
 * A simulated Toxiproxy 2.12 proxy. The methods are its API calls; each takes hold before it
 * returns, unless something blocks it, and resolves when the real API would answer.
 */
export class SimProxy implements Acceptor {
  readonly name: string;
  readonly host: Host;
  readonly #switchboard: Switchboard;
  readonly #random: SimRandom;
  readonly #onDeleted: () => void;
  readonly #chain = new ToxicChain();
  readonly #connections = new Set<ProxyConnection>();
  readonly #backlog = new Fifo<Socket>();
  readonly #control = new OpQueue();
  readonly #effects = noProxyEffects();
  readonly #timer: EventKind;
  #config: ProxyConfig;
  #enabled = false;
  #accepting = false;
  #onAcceptLoopIdle: (() => void) | undefined;
  #connectionCount = 0;

  /** Made by `SimNetwork.proxy`. @throws NetworkError ADDRESS_IN_USE */
  constructor(
    switchboard: Switchboard,
    host: Host,
    random: SimRandom,
    name: string,
    config: ProxyConfig,
    onDeleted: () => void,
  ) {
    this.#switchboard = switchboard;
    this.host = host;
    this.#random = random;
    this.name = name;
    this.#config = config;
    this.#onDeleted = onDeleted;
    this.#timer = switchboard.kernel.scheduler.log.kind("toxic.timer", "connection");
    this.#start();
  }

  get config(): ProxyConfig {
    return this.#config;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Live connections. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  get toxics(): readonly ProxyToxic[] {
    return this.#chain.toxics.map(({ direction, slot: { name, toxic, toxicity, effects } }) => ({
      name,
      direction,
      toxic,
      toxicity,
      effects,
    }));
  }

  /** What the proxy has really done so far. */
  get effects(): ProxyEffects {
    const effects = { ...this.#effects };
    for (const connection of this.#connections) connection.addTo(effects);
    return effects;
  }

  /**
   * The live counters of the toxic that was last added as `name`: from the call on, even if something
   * holds up the change, and after it was deleted. @throws NetworkError UNKNOWN_NAME
   */
  effectsOf(name: string): Readonly<ToxicEffects> {
    return this.#chain.effectsOf(name);
  }

  /** Adds `toxic` at the end of the chain of `direction`. @throws NetworkError PARAMETER, DUPLICATE_NAME */
  async addToxic(name: string, direction: Direction, toxic: Toxic, toxicity = 1): Promise<void> {
    this.#note("toxic.add");
    await this.#chain.add(name, direction, toxic, toxicity);
  }

  /** Changes the attributes of a toxic; its type stays. @throws NetworkError PARAMETER, UNKNOWN_NAME */
  async updateToxic(name: string, toxic: Toxic, toxicity = 1): Promise<void> {
    this.#note("toxic.update");
    await this.#chain.update(name, toxic, toxicity);
  }

  /** @throws NetworkError UNKNOWN_NAME */
  async removeToxic(name: string): Promise<void> {
    this.#note("toxic.remove");
    await this.#chain.remove(name);
  }

  async removeAllToxics(): Promise<void> {
    for (const { name } of this.toxics) await this.removeToxic(name);
  }

  /** Stalls one direction; its bytes pile up and none is lost. {@link release} ends it. */
  hold(direction: Direction): Promise<void> {
    return this.addToxic(`hold_${direction}`, direction, { type: "latency", latencyMs: HOLD_MS });
  }

  /** Lets everything held go, at once and in order. */
  release(direction: Direction): Promise<void> {
    return this.removeToxic(`hold_${direction}`);
  }

  /** Accepts connections again; those that {@link disable} cut stay cut. @throws NetworkError ADDRESS_IN_USE */
  enable(): Promise<void> {
    return this.update({ enabled: true });
  }

  /** Takes the proxy down: refuses connections and closes the live ones; what is inside is lost. */
  disable(): Promise<void> {
    return this.update({ enabled: false });
  }

  /** Changes of an address cut every connection. @throws NetworkError ADDRESS_IN_USE */
  update(change: Partial<ProxyConfig> & { readonly enabled?: boolean }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#control.run((unlock) => {
        const config = {
          listen: change.listen ?? this.#config.listen,
          upstream: change.upstream ?? this.#config.upstream,
        };
        const differs = config.listen !== this.#config.listen || config.upstream !== this.#config.upstream;
        const enabled = change.enabled ?? this.#enabled;
        const finish = (): void => {
          this.#config = config;
          const failure = enabled && !this.#enabled ? this.#tryStart() : undefined;
          if (failure === undefined) resolve();
          else reject(failure);
          unlock();
        };
        if (this.#enabled && (differs || !enabled)) this.#stop(finish);
        else finish();
      });
    });
  }

  /** Disables it and forgets its name. */
  delete(): Promise<void> {
    return new Promise((resolve) => {
      this.#control.run((unlock) => {
        const finish = (): void => {
          this.#onDeleted();
          resolve();
          unlock();
        };
        if (this.#enabled) this.#stop(finish);
        else finish();
      });
    });
  }

  /** A client connected. It is served after those before it, for the real accept loop dials in line. */
  accept(socket: Socket): void {
    this.#effects.connectionsAccepted++;
    this.#backlog.push(socket);
    this.#acceptNext();
  }

  refused(): void {
    this.#effects.connectionsRefused++;
  }

  #start(): void {
    this.#switchboard.bind(this.#config.listen, this);
    this.#enabled = true;
    this.#note("proxy.start");
  }

  #tryStart(): NetworkError | undefined {
    try {
      this.#start();
      return undefined;
    } catch (error) {
      if (error instanceof NetworkError) return error;
      throw error;
    }
  }

  #stop(done: () => void): void {
    this.#enabled = false;
    this.#note("proxy.stop");
    this.#switchboard.unbind(this.#config.listen, this);
    for (let socket = this.#backlog.shift(); socket !== undefined; socket = this.#backlog.shift()) {
      socket.lingerZero = true;
      socket.close();
      this.#effects.connectionsClosed++;
    }
    const closeAll = (): void => {
      for (const connection of [...this.#connections]) {
        this.#effects.connectionsClosed++;
        this.#effects.bytesLost += connection.bytesInside;
        connection.close();
      }
      done();
    };
    if (this.#accepting) this.#onAcceptLoopIdle = closeAll;
    else closeAll();
  }

  #acceptNext(): void {
    while (!this.#accepting) {
      const client = this.#backlog.shift();
      if (client === undefined) break;
      this.#accepting = true;
      this.#switchboard.connect(this.host, this.#config.upstream, (result, server) => {
        if (result === "established") {
          this.#connect(client, server, () => this.#acceptDone());
          return;
        }
        this.#effects.dialsFailed++;
        client.close();
        this.#acceptDone();
      });
    }
  }

  #acceptDone(): void {
    this.#accepting = false;
    const onIdle = this.#onAcceptLoopIdle;
    this.#onAcceptLoopIdle = undefined;
    onIdle?.();
    this.#acceptNext();
  }

  #connect(client: Socket, server: Socket, done: () => void): void {
    const { kernel } = this.#switchboard;
    const number = this.#connectionCount++;
    const connection = new ProxyConnection(client, server, this.#chain, () => {
      this.#connections.delete(connection);
      connection.addTo(this.#effects);
    });
    this.#connections.add(connection);
    const random = this.#random.fork(`connection/${number}`);
    const world: StubWorld = {
      kernel,
      process: this.host.kernel,
      timer: this.#timer,
      connection: number,
      lots: this.#switchboard.lots ?? seededLots(random),
      panic: (found) => kernel.scheduler.fail(panicOf(this.name, found)),
    };
    connection.start(world, random, done);
  }

  #note(name: string): void {
    const { scheduler } = this.#switchboard.kernel;
    scheduler.note(scheduler.log.kind(name), this.host.kernel.actor, 0, 0);
  }
}

/** The process ends with all its proxies, so nothing that follows could be compared with a real network. */
function panicOf(proxy: string, found: string): NetworkError {
  return new NetworkError("TOXIPROXY_PANICS", {
    place: `proxy ${proxy}`,
    found: `a change at which Toxiproxy 2.12.0 ends with "${found}"`,
    expected: "a change of toxics that is not made while connections end, nor of a rate while its receiver is stalled",
  });
}
