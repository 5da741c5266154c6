import { type Link, type LinkEndpoint, LinkError } from "../ports/index.ts";
import { type LinkEnd, linkPair } from "./link-pair.ts";

/** Links in memory between everybody who dials and listens here. */
export class MemoryNetwork implements LinkEndpoint {
  readonly #listeners = new Map<string, (link: Link) => void>();
  #links: LinkEnd[] = [];
  #down = false;

  async dial(address: string): Promise<Link> {
    const onLink = this.#listeners.get(address);
    if (onLink === undefined || this.#down) throw new LinkError("REFUSED", `nobody listens at ${address}`);
    const [mine, theirs] = linkPair();
    this.#links.push(mine);
    onLink(theirs);
    return mine;
  }

  listen(address: string, onLink: (link: Link) => void): { close(): void } {
    this.#listeners.set(address, onLink);
    return { close: () => void this.#listeners.delete(address) };
  }

  cut(): void {
    this.#down = true;
    for (const link of this.#links.splice(0)) link.reset();
  }

  heal(): void {
    this.#down = false;
  }
}
