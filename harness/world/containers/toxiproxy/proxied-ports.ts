import type { Toxic } from "../../sim/net/proxy/toxic.ts";
import type { Direction } from "../../world.ts";
import { ProxiedLink } from "./proxied-link.ts";
import type { ToxiproxyApi } from "./toxiproxy-api.ts";

/** One link of a plan: a proxy for each port that its engine needs, and all of them are changed together. */
export class ProxiedPorts {
  readonly #proxies: readonly ProxiedLink[];

  private constructor(proxies: readonly ProxiedLink[]) {
    this.#proxies = proxies;
  }

  /**
   * @param ports listened for by the proxies, as by whoever is behind them at the host `upstream`
   * @throws ContainerError TOXIPROXY
   */
  static async create(
    api: ToxiproxyApi,
    name: string,
    ports: readonly number[],
    upstream: string,
  ): Promise<ProxiedPorts> {
    const proxies: ProxiedLink[] = [];
    for (const [index, port] of ports.entries()) {
      const own = index === 0 ? name : `${name}.${index}`;
      const parts = { api, name: own, listen: `0.0.0.0:${port}`, upstream: `${upstream}:${port}` };
      proxies.push(await ProxiedLink.create(parts));
    }
    return new ProxiedPorts(proxies);
  }

  /** Closes every connection, and refuses new ones. */
  disable(): Promise<void> {
    return this.#all((proxy) => proxy.disable());
  }

  enable(): Promise<void> {
    return this.#all((proxy) => proxy.enable());
  }

  addToxic(name: string, direction: Direction, toxic: Toxic): Promise<void> {
    return this.#all((proxy) => proxy.addToxic(name, direction, toxic));
  }

  removeToxic(name: string): Promise<void> {
    return this.#all((proxy) => proxy.removeToxic(name));
  }

  /** Removes every toxic and enables them. */
  reset(): Promise<void> {
    return this.#all((proxy) => proxy.reset());
  }

  async #all(change: (proxy: ProxiedLink) => Promise<void>): Promise<void> {
    await Promise.all(this.#proxies.map(change));
  }
}
