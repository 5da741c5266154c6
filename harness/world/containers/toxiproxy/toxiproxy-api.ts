import { Toxiproxy } from "toxiproxy-node-client";
import { type Toxic, toxiproxyAttributes } from "../../sim/net/proxy/toxic.ts";
import type { Direction } from "../../world.ts";
import { ContainerError } from "../container-error.ts";

/** Beyond this a call counts as hung: Toxiproxy deadlocks when toxics change before a stalled receiver. */
const CALL_MS_MAX = 5000;

export interface ToxicState {
  readonly name: string;
  readonly type: string;
  readonly stream: Direction;
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, number>>;
}

export interface ProxyState {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly ToxicState[];
}

/** A toxic to be put on a proxy; names are unique by proxy. */
export interface NewToxic {
  readonly name: string;
  readonly direction: Direction;
  readonly toxic: Toxic;
  /** Of a connection to suffer it, 0 to 1; 1 without. */
  readonly toxicity?: number;
}

/** Toxiproxy did not answer in time; it may never. */
export class ToxiproxyHangs extends ContainerError {
  constructor(place: string, limitMs: number) {
    super("TOXIPROXY", {
      place,
      found: `no answer within ${limitMs} ms`,
      expected: "an answer",
      remedy: "delete the proxy and make it again: its receiver may be stalled",
    });
  }
}

/**
 * The API of one Toxiproxy server: every call is bounded and says what the server answered. What the
 * published client can do is left to it; it lists no toxics, changes nothing by PATCH and knows no bound.
 */
export class ToxiproxyApi {
  readonly url: string;
  readonly #client: Toxiproxy;
  readonly #limitMs: number;

  /** @param url as in `http://127.0.0.1:8474` */
  constructor(url: string, limitMs = CALL_MS_MAX) {
    this.url = url;
    this.#client = new Toxiproxy(url);
    this.#limitMs = limitMs;
  }

  async version(): Promise<string> {
    const text = await this.#bounded("version", this.#client.getVersion());
    return (JSON.parse(text) as { readonly version: string }).version;
  }

  /** Makes a proxy. @returns where it listens: the port, if none was given */
  async create(name: string, listen: string, upstream: string, enabled = true): Promise<string> {
    const body = { name: checkedName(name), listen, upstream, enabled };
    return (await this.#bounded(`proxy ${name}`, this.#client.createProxy(body))).listen;
  }

  /** Every proxy with its toxics, by name. */
  async proxies(): Promise<readonly ProxyState[]> {
    const found = (await this.#call("GET", "/proxies")) as Record<string, ProxyState>;
    return Object.values(found).sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async proxy(name: string): Promise<ProxyState> {
    return (await this.#call("GET", `/proxies/${name}`)) as ProxyState;
  }

  /** Nothing but this: resending the address would restart the proxy. */
  async setEnabled(name: string, enabled: boolean): Promise<void> {
    await this.#call("PATCH", `/proxies/${name}`, { enabled });
  }

  /** Restarts the proxy, which drops its connections. */
  async setUpstream(name: string, upstream: string): Promise<void> {
    await this.#call("PATCH", `/proxies/${name}`, { upstream });
  }

  async remove(name: string): Promise<void> {
    await this.#call("DELETE", `/proxies/${name}`);
  }

  async addToxic(proxy: string, { name, direction, toxic, toxicity }: NewToxic): Promise<void> {
    const body = { name: checkedName(name), stream: direction, ...toxicBody(toxic, toxicity) };
    await this.#call("POST", `/proxies/${proxy}/toxics`, body);
  }

  async updateToxic(proxy: string, name: string, toxic: Toxic, toxicity?: number): Promise<void> {
    await this.#call("PATCH", `/proxies/${proxy}/toxics/${name}`, toxicBody(toxic, toxicity));
  }

  async removeToxic(proxy: string, name: string): Promise<void> {
    await this.#call("DELETE", `/proxies/${proxy}/toxics/${name}`);
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const place = `${method} ${path}`;
    const signal = AbortSignal.timeout(this.#limitMs);
    try {
      const request = { method, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const response = await fetch(`${this.url}${path}`, request);
      const text = await response.text();
      if (!response.ok) throw refusal(place, `status ${response.status}, ${text.slice(0, 200).trim()}`);
      return text === "" ? undefined : JSON.parse(text);
    } catch (error) {
      if (error instanceof ContainerError) throw error;
      if (signal.aborted) throw new ToxiproxyHangs(place, this.#limitMs);
      throw refusal(place, String((error as Error).cause ?? error), error);
    }
  }

  /** For calls of the published client, which would wait for ever. */
  async #bounded<T>(place: string, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ToxiproxyHangs(place, this.#limitMs)), this.#limitMs);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (error instanceof ContainerError) throw error;
      throw refusal(place, error instanceof Error ? error.message : String(error), error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function toxicBody(toxic: Toxic, toxicity = 1): object {
  return { type: toxic.type, toxicity, attributes: toxiproxyAttributes(toxic) };
}

/** A name becomes a part of a path, and nothing on the way encodes it. */
function checkedName(name: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  throw refusal("name", JSON.stringify(name));
}

function refusal(place: string, found: string, cause?: unknown): ContainerError {
  return new ContainerError(
    "TOXIPROXY",
    { place, found, expected: "Toxiproxy to do it", remedy: "compare the call with its documentation" },
    cause,
  );
}
