import type { Direction, Effects, Injection, WorldLink } from "../world.ts";
import type { SimProxy, Toxic } from "./net/index.ts";
import type { Scheduler } from "./scheduler.ts";
import type { WorldListener } from "./world-listener.ts";

/** A link of the simulated world: everything that is done to it is done to its proxy. */
export class SimWorldLink implements WorldLink {
  readonly name: string;
  readonly #proxy: SimProxy;
  readonly #scheduler: Scheduler;
  readonly #listener: WorldListener;
  #cuts = 0;
  #toxics = 0;

  constructor(proxy: SimProxy, scheduler: Scheduler, listener: WorldListener) {
    this.name = proxy.name;
    this.#proxy = proxy;
    this.#scheduler = scheduler;
    this.#listener = listener;
  }

  cut(): Injection {
    const before = this.#proxy.effects;
    this.#listener.linkCut(this.name);
    // Cuts may overlap: the link is back when the last of them is healed.
    if (this.#cuts++ === 0) this.#await(this.#proxy.disable());
    let after: Effects | undefined;
    const effects = (): Effects => {
      const { connectionsClosed, connectionsRefused, bytesLost } = this.#proxy.effects;
      return {
        connectionsClosed: connectionsClosed - before.connectionsClosed,
        connectionsRefused: connectionsRefused - before.connectionsRefused,
        bytesLost: bytesLost - before.bytesLost,
      };
    };
    return {
      heal: () => {
        if (after !== undefined) return;
        after = effects();
        if (--this.#cuts === 0) this.#await(this.#proxy.enable());
        this.#listener.linkHealed(this.name);
      },
      effects: () => after ?? effects(),
    };
  }

  hold(direction: Direction): Injection {
    return this.#inject(direction, { type: "latency", latencyMs: 3_600_000 });
  }

  toxic(type: string, direction: Direction, attributes: Readonly<Record<string, number>>): Injection {
    return this.#inject(direction, toxicOf(type, attributes));
  }

  #inject(direction: Direction, toxic: Toxic): Injection {
    const name = `fault-${this.#toxics++}`;
    this.#listener.linkCut(this.name);
    this.#await(this.#proxy.addToxic(name, direction, toxic));
    // These count even if a stalled receiver holds up the change.
    const live = this.#proxy.effectsOf(name);
    let healed = false;
    return {
      heal: () => {
        if (healed) return;
        healed = true;
        this.#await(this.#proxy.removeToxic(name));
        this.#listener.linkHealed(this.name);
      },
      effects: () => {
        const { bytesDelayed, bytesDropped, cuts, endsDelayed, connectionsClosed } = live;
        return { bytesDelayed, bytesDropped, cuts, endsDelayed, connectionsClosed };
      },
    };
  }

  #await(call: Promise<void>): void {
    call.catch((error: unknown) => this.#scheduler.fail(error));
  }
}

/** @param attributes as Toxiproxy's API names them */
function toxicOf(type: string, attributes: Readonly<Record<string, number>>): Toxic {
  const of = (name: string): number => attributes[name] ?? 0;
  switch (type) {
    case "latency":
      return { type, latencyMs: of("latency"), jitterMs: of("jitter") };
    case "bandwidth":
      return { type, rateKBps: of("rate") };
    case "slicer":
      return {
        type,
        averageSizeBytes: of("average_size"),
        sizeVariationBytes: of("size_variation"),
        delayUs: of("delay"),
      };
    case "limit_data":
      return { type, limitBytes: of("bytes") };
    case "timeout":
    case "reset_peer":
      return { type, timeoutMs: of("timeout") };
    case "slow_close":
      return { type, delayMs: of("delay") };
    default:
      throw new Error(`no toxic of type ${type}`);
  }
}
