import type { Toxic } from "../../sim/net/proxy/toxic.ts";
import type { Direction } from "../../world.ts";
import { type NewToxic, type ToxiproxyApi, ToxiproxyHangs } from "./toxiproxy-api.ts";

export interface ProxiedLinkParts {
  readonly api: ToxiproxyApi;
  /** Unique on its server; of letters, digits, `_`, `.` and `-`. */
  readonly name: string;
  /** As in `0.0.0.0:9000`; port 0 takes any. */
  readonly listen: string;
  readonly upstream: string;
  /** Told before a proxy that hung is replaced, which ends its connections. */
  readonly onReplaced?: () => void;
}

/**
 * One proxy, and what it should be like. Changes are made one after the other. A change that hangs,
 * as it does in Toxiproxy while the receiver is stalled, ends with a new proxy of the same name that
 * is as it should be: connections close then, which a hung proxy would not let live either.
 */
export class ProxiedLink {
  readonly #parts: ProxiedLinkParts;
  readonly #toxics = new Map<string, NewToxic>();
  #enabled = true;
  #listen: string;
  #replacements = 0;
  #changes: Promise<void> = Promise.resolve();

  private constructor(parts: ProxiedLinkParts) {
    this.#parts = parts;
    this.#listen = parts.listen;
  }

  /** @throws ContainerError TOXIPROXY */
  static async create(parts: ProxiedLinkParts): Promise<ProxiedLink> {
    const link = new ProxiedLink(parts);
    link.#listen = await parts.api.create(parts.name, parts.listen, parts.upstream);
    return link;
  }

  /** Where it listens, as the server says: `[::]:9000`. */
  get listen(): string {
    return this.#listen;
  }

  /** How many times it hung and was made anew. */
  get replacements(): number {
    return this.#replacements;
  }

  /**
   * Closes every connection, and refuses new ones. With toxics this is done by a new proxy: what one of them holds
   * back on a connection that is closed it would try to get rid of later, for 5 s a piece, when it is removed, and
   * nobody could change the proxy meanwhile.
   */
  disable(): Promise<void> {
    const { api, name } = this.#parts;
    return this.#change(
      () => (this.#toxics.size === 0 ? api.setEnabled(name, false) : this.#makeAnew(false)),
      () => {
        this.#enabled = false;
      },
    );
  }

  enable(): Promise<void> {
    const { api, name } = this.#parts;
    return this.#change(
      () => api.setEnabled(name, true),
      () => {
        this.#enabled = true;
      },
    );
  }

  addToxic(name: string, direction: Direction, toxic: Toxic): Promise<void> {
    const { api, name: proxy } = this.#parts;
    const added: NewToxic = { name, direction, toxic };
    return this.#change(
      async () => {
        await api.addToxic(proxy, added);
      },
      () => this.#toxics.set(name, added),
    );
  }

  removeToxic(name: string): Promise<void> {
    const { api, name: proxy } = this.#parts;
    return this.#change(
      async () => {
        await api.removeToxic(proxy, name);
      },
      () => this.#toxics.delete(name),
    );
  }

  /** Removes every toxic and enables it. */
  async reset(): Promise<void> {
    for (const name of this.#toxics.keys()) await this.removeToxic(name);
    await this.enable();
  }

  async remove(): Promise<void> {
    await this.#inOrder(() => this.#parts.api.remove(this.#parts.name));
  }

  /** @param intend notes what the proxy is to be like, whether `call` gets through or not */
  #change(call: () => Promise<void>, intend: () => void): Promise<void> {
    return this.#inOrder(async () => {
      try {
        await call();
        intend();
      } catch (error) {
        if (!(error instanceof ToxiproxyHangs)) throw error;
        intend();
        await this.#replace();
      }
    });
  }

  async #replace(): Promise<void> {
    this.#replacements++;
    this.#parts.onReplaced?.();
    await this.#makeAnew(this.#enabled);
  }

  async #makeAnew(enabled: boolean): Promise<void> {
    const { api, name, upstream } = this.#parts;
    await api.remove(name);
    await api.create(name, this.#listen, upstream, false);
    for (const toxic of this.#toxics.values()) await api.addToxic(name, toxic);
    if (enabled) await api.setEnabled(name, true);
  }

  #inOrder(action: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(action);
    this.#changes = done.catch(() => undefined);
    return done;
  }
}
