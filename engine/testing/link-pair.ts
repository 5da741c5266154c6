import { type Link, LinkError } from "../ports/index.ts";

interface Reader {
  resolve(chunk: Uint8Array | undefined): void;
  reject(error: LinkError): void;
}

/** One end of a {@link linkPair}. What is written here becomes readable at the other end at once. */
export class LinkEnd implements Link {
  /** How what is written travels: the chunks that arrive. Without one, nothing arrives. */
  carry: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes];
  /** All that was written here, whether it arrived or not. */
  readonly written: Uint8Array[] = [];
  peer: LinkEnd | undefined;
  readonly #arrived: Uint8Array[] = [];
  #reader: Reader | undefined;
  #state: "open" | "ended" | "reset" = "open";

  read(): Promise<Uint8Array | undefined> {
    const chunk = this.#arrived.shift();
    if (chunk !== undefined) return Promise.resolve(chunk);
    if (this.#state === "ended") return Promise.resolve(undefined);
    if (this.#state === "reset") return Promise.reject(new LinkError("RESET", "reset"));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#state === "reset") throw new LinkError("RESET", "reset");
    if (this.#state === "ended") throw new LinkError("CLOSED", "closed");
    this.written.push(bytes);
    for (const chunk of this.carry(bytes)) if (chunk.length > 0) this.peer?.arrive(chunk);
  }

  close(): void {
    this.#end("ended");
    if (this.peer !== undefined) this.peer.#end("ended");
  }

  /** Both ends find the connection reset. */
  reset(): void {
    this.#end("reset");
    if (this.peer !== undefined) this.peer.#end("reset");
  }

  /** Bytes come in, from the peer or out of nowhere. */
  arrive(chunk: Uint8Array): void {
    if (this.#reader === undefined) this.#arrived.push(chunk);
    else this.#take().resolve(chunk);
  }

  #end(state: "ended" | "reset"): void {
    if (this.#state !== "open") return;
    this.#state = state;
    if (this.#reader === undefined) return;
    if (state === "ended") this.#take().resolve(undefined);
    else this.#take().reject(new LinkError("RESET", "reset"));
  }

  #take(): Reader {
    const reader = this.#reader;
    if (reader === undefined) throw new Error("nobody reads");
    this.#reader = undefined;
    return reader;
  }
}

/** Two ends of one connection in memory. */
export function linkPair(): [LinkEnd, LinkEnd] {
  const ends: [LinkEnd, LinkEnd] = [new LinkEnd(), new LinkEnd()];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return ends;
}
