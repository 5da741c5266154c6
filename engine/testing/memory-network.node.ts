import { type Link, type LinkEndpoint, LinkError } from "../ports/index.ts";
import { type LinkEnd, linkPair } from "./link-pair.ts";

/** Links in memory between everybody who dials and listens here. */
export class MemoryNetwork implements LinkEndpoint {
  readonly #listeners = new Map<string, (link: Link) => void>();
  #links: LinkEnd[] = [];
  readonly #all: LinkEnd[] = [];
  #down = false;
  /** Hears of each link that is made, before anything goes over it; `mine` is the end that dialled. */
  onDial: (mine: LinkEnd) => void = () => {};

  async dial(address: string): Promise<LinkEnd> {
    const onLink = this.#listeners.get(address);
    if (onLink === undefined || this.#down) throw new LinkError("REFUSED", `nobody listens at ${address}`);
    const [mine, theirs] = linkPair();
    this.#links.push(mine);
    this.#all.push(mine, theirs);
    this.onDial(mine);
    onLink(theirs);
    return mine;
  }

  listen(address: string, onLink: (link: Link) => void): { close(): void } {
    this.#listeners.set(address, onLink);
    return { close: () => void this.#listeners.delete(address) };
  }

  /** Bytes that were sent over all links, either way. */
  get sentBytes(): number {
    let bytes = 0;
    for (const { written } of this.#all) for (const chunk of written) bytes += chunk.length;
    return bytes;
  }

  cut(): void {
    this.#down = true;
    for (const link of this.#links.splice(0)) link.reset();
  }

  heal(): void {
    this.#down = false;
  }
}
