import { type Link, LinkError } from "../../../../../engine/ports/index.ts";
import { networkFixture } from "../sim-network.fixture.ts";
import type { SimProxy } from "./sim-proxy.ts";

/** A network with a proxy `p` in front of the listener `b`. */
export interface Proxied {
  readonly fixture: ReturnType<typeof networkFixture>;
  readonly proxy: SimProxy;
  readonly accepted: Link[];
  dial(): Promise<Link>;
}

export function proxied(seed = "seed", options: Parameters<typeof networkFixture>[0] = {}): Proxied {
  const fixture = networkFixture(options, seed);
  const proxy = fixture.network.proxy("p", { listen: "p", upstream: "b" });
  const accepted: Link[] = [];
  fixture.b.endpoint.listen("b", (link) => accepted.push(link));
  return { fixture, proxy, accepted, dial: () => fixture.a.endpoint.dial("p") };
}

/** Reads until the end or a reset; gives the bytes and how it ended. */
export async function readAll(link: Link): Promise<{ bytes: number[]; end: string }> {
  const bytes: number[] = [];
  try {
    for (let part = await link.read(); part !== undefined; part = await link.read()) bytes.push(...part);
    return { bytes, end: "fin" };
  } catch (error) {
    return { bytes, end: error instanceof LinkError ? error.code : String(error) };
  }
}
