import { NS_PER_MS } from "../../../engine/ports/index.ts";
import type { Direction, Effects, Injection, WorldLink } from "../world.ts";
import { type SimProxy, type Toxic, type ToxicEffects, toxicOf } from "./net/index.ts";
import type { Scheduler } from "./scheduler.ts";
import type { WorldListener } from "../run-world.ts";

export interface SimWorldLinkParts {
  readonly name: string;
  /** Makes the proxy of the link; again after it was deleted. */
  readonly makeProxy: () => SimProxy;
  readonly scheduler: Scheduler;
  /** Calls back after a while; the function returned cancels it. */
  readonly after: (delayNs: number, callback: () => void) => () => void;
  readonly listener: WorldListener;
}

/** A toxic that a fault put on the link. */
interface ActiveToxic {
  readonly name: string;
  readonly direction: Direction;
  readonly toxic: Toxic;
  /** Its counters, one set for each proxy that it was on. */
  readonly counters: Readonly<ToxicEffects>[];
}

/**
 * A change of toxics hangs while a receiver is stalled, for good if it died meanwhile, and the whole
 * proxy with it: so it is in Toxiproxy. Whoever drives one gives up after this and makes it anew.
 */
const HANG_NS = 5000 * NS_PER_MS;

/** A link of the simulated world: everything that is done to it is done to its proxy. */
export class SimWorldLink implements WorldLink {
  readonly name: string;
  readonly #parts: SimWorldLinkParts;
  readonly #toxics = new Set<ActiveToxic>();
  #proxy: SimProxy;
  #cuts = 0;
  #toxicCount = 0;
  /** Of the proxies that were given up. */
  #carriedBefore = 0;

  constructor(parts: SimWorldLinkParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#proxy = parts.makeProxy();
  }

  /** Bytes that came out of the link so far, both ways, all connections together. */
  get carriedBytes(): number {
    const { bytesUpstream, bytesDownstream } = this.#proxy.effects;
    return this.#carriedBefore + bytesUpstream + bytesDownstream;
  }

  cut(): Injection {
    const { listener } = this.#parts;
    const proxy = this.#proxy;
    const before = proxy.effects;
    listener.linkCut(this.name);
    // Cuts may overlap: the link is back when the last of them is healed.
    if (this.#cuts++ === 0) this.#call((live) => live.disable());
    let after: Effects | undefined;
    const effects = (): Effects => {
      const { connectionsClosed, connectionsRefused, bytesLost } = proxy.effects;
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
        if (--this.#cuts === 0) this.#call((live) => live.enable());
        listener.linkHealed(this.name);
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
    const { listener } = this.#parts;
    const active: ActiveToxic = { name: `fault-${this.#toxicCount++}`, direction, toxic, counters: [] };
    listener.linkCut(this.name);
    this.#toxics.add(active);
    this.#add(active);
    return {
      heal: () => {
        if (!this.#toxics.delete(active)) return;
        this.#call((live) => live.removeToxic(active.name));
        listener.linkHealed(this.name);
      },
      effects: () => sumOf(active.counters),
    };
  }

  #add(active: ActiveToxic): void {
    const { name, direction, toxic, counters } = active;
    this.#call((live) => live.addToxic(name, direction, toxic));
    // These count even if a stalled receiver holds up the change.
    counters.push(this.#proxy.effectsOf(name));
  }

  /** A change of the proxy; if it hangs, a new proxy has it from the start. */
  #call(change: (live: SimProxy) => Promise<void>): void {
    const { scheduler, after } = this.#parts;
    const proxy = this.#proxy;
    const cancel = after(HANG_NS, () => {
      if (this.#proxy === proxy) this.#replaceProxy();
    });
    change(proxy).then(cancel, (error: unknown) => {
      cancel();
      if (this.#proxy === proxy) scheduler.fail(error);
    });
  }

  #replaceProxy(): void {
    const { scheduler, listener, makeProxy } = this.#parts;
    listener.linkCut(this.name);
    this.#carriedBefore = this.carriedBytes;
    this.#proxy.delete().catch((error: unknown) => scheduler.fail(error));
    this.#proxy = makeProxy();
    for (const active of this.#toxics) this.#add(active);
    if (this.#cuts > 0) this.#call((live) => live.disable());
    listener.linkHealed(this.name);
  }
}

/** What shows that the toxic did something; the chunks that it merely saw do not. */
function sumOf(all: readonly Readonly<ToxicEffects>[]): Effects {
  const sum = { bytesDelayed: 0, bytesDropped: 0, cuts: 0, endsDelayed: 0, connectionsClosed: 0 };
  for (const one of all) {
    sum.bytesDelayed += one.bytesDelayed;
    sum.bytesDropped += one.bytesDropped;
    sum.cuts += one.cuts;
    sum.endsDelayed += one.endsDelayed;
    sum.connectionsClosed += one.connectionsClosed;
  }
  return sum;
}
