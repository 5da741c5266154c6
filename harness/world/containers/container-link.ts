import type { RunLink, WorldListener } from "../run-world.ts";
import { type Toxic, toxicOf } from "../sim/net/index.ts";
import type { Direction, Effects, Injection } from "../world.ts";
import type { Operations } from "./operations.ts";
import type { ProxiedPorts } from "./toxiproxy/proxied-ports.ts";

/** Holds every byte back, and lets them all go when it is taken away. */
const HOLD_MS = 3_600_000;

export interface ContainerLinkParts {
  readonly name: string;
  readonly proxy: ProxiedPorts;
  readonly operations: Operations;
  readonly listener: WorldListener;
  /** True if the systems have a session over it now. */
  readonly isUp: () => boolean;
  /** True if one of them at least has not heard of the end of its connection. */
  readonly isConnected: () => boolean;
  /** Bytes that arrived at both, as far as they said. */
  readonly carried: () => number;
  readonly look: () => Promise<void>;
}

/** A link of the container world: everything that is done to it is done to its proxy. */
export class ContainerLink implements RunLink {
  readonly name: string;
  readonly #parts: ContainerLinkParts;
  #cuts = 0;
  #toxicCount = 0;
  readonly #active = new Set<{ connections: number }>();

  constructor(parts: ContainerLinkParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** As the systems count what arrives: Toxiproxy tells of a connection's bytes when it ends. */
  get carriedBytes(): number {
    return this.#parts.carried();
  }

  /** The systems have just said how they are: a toxic acts on a session that there is. */
  looked(): void {
    if (!this.#parts.isUp()) return;
    for (const active of this.#active) active.connections = 1;
  }

  cut(): Injection {
    const { proxy, isConnected } = this.#parts;
    let effects: Effects = { connectionsClosed: 0 };
    return this.#injected({
      strike: async () => {
        effects = { connectionsClosed: isConnected() ? 1 : 0 };
        if (this.#cuts++ === 0) await proxy.disable();
      },
      heal: async () => {
        if (--this.#cuts === 0) await proxy.enable();
      },
      effects: () => effects,
    });
  }

  hold(direction: Direction): Injection {
    return this.#toxic({ type: "latency", latencyMs: HOLD_MS }, direction);
  }

  toxic(type: string, direction: Direction, attributes: Readonly<Record<string, number>>): Injection {
    return this.#toxic(toxicOf(type, attributes), direction);
  }

  #toxic(toxic: Toxic, direction: Direction): Injection {
    const { proxy } = this.#parts;
    const name = `${toxic.type}-${++this.#toxicCount}`;
    // Systems that have a session never fall silent for longer than a ping.
    const active = { connections: 0 };
    return this.#injected({
      strike: async () => {
        await proxy.addToxic(name, direction, toxic);
        this.#active.add(active);
        this.looked();
      },
      heal: async () => {
        this.looked();
        this.#active.delete(active);
        await proxy.removeToxic(name);
      },
      effects: () => ({ ...active }),
    });
  }

  /** Strikes now, and is healed once. */
  #injected(fault: {
    readonly strike: () => Promise<void>;
    readonly heal: () => Promise<void>;
    readonly effects: () => Effects;
  }): Injection {
    const { operations, listener, look } = this.#parts;
    void operations.do(async () => {
      await look();
      listener.linkCut(this.name);
      await fault.strike();
    });
    let healed = false;
    return {
      heal: () => {
        if (healed) return;
        healed = true;
        void operations.do(async () => {
          await fault.heal();
          listener.linkHealed(this.name);
        });
      },
      effects: fault.effects,
    };
  }
}
