import { type PairStatus, secondaryStatus, type VolumeConfig } from "../template/node-server.ts";
import { type PeerWord, SILENCE_MS } from "./peer.ts";
import type { StorageDaemon } from "./storage-daemon.ts";

export interface SecondaryParts {
  readonly volume: VolumeConfig;
  readonly link: string;
  /** Serves hosts. */
  readonly daemon: StorageDaemon;
  /** Serves the primary, at the first port of the link. */
  readonly receiver: StorageDaemon;
  /** What it answered is durable. */
  readonly isDurable: boolean;
  readonly save: () => void;
}

/** Who has the disk open: nobody, the daemon for hosts, or the receiver. */
type Use = "read-write" | "read-only" | "receiving" | "none";

/** The secondary end of a pair: an export that the job of the primary writes to. It knows what it is told. */
export class Secondary {
  word: PeerWord;
  readonly #parts: SecondaryParts;
  #use: Use;
  #heardMs = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param use what the volume is used for now */
  constructor(word: PeerWord, parts: SecondaryParts, use: Use) {
    this.word = word;
    this.#parts = parts;
    this.#use = use;
  }

  get link(): string {
    return this.#parts.link;
  }

  get isConnected(): boolean {
    return performance.now() - this.#heardMs < SILENCE_MS;
  }

  status(): PairStatus {
    return secondaryStatus(this.word, this.isConnected);
  }

  /** After a start: what the word before it asked for. */
  open(): Promise<void> {
    return this.#change(useFor(this.word));
  }

  /** Takes a word of the primary. Settles when it is so. */
  async take(word: PeerWord): Promise<void> {
    this.#heardMs = performance.now();
    const isNews = JSON.stringify(word) !== JSON.stringify(this.word);
    this.word = word;
    if (!isNews) return;
    this.#parts.save();
    await this.#change(useFor(word));
  }

  #change(use: Use): Promise<void> {
    this.#last = this.#last.then(async () => {
      const { volume, daemon, receiver, isDurable } = this.#parts;
      if (this.#use === use) return;
      if (this.#use !== "none") {
        const former = this.#use === "receiving" ? receiver : daemon;
        await former.unserve(volume.name);
        await former.close(volume.name);
      }
      this.#use = use;
      const next = use === "receiving" ? receiver : daemon;
      await next.open(volume.name, volume.disk);
      await next.serve(volume.name, { writable: use !== "read-only", writethrough: use === "receiving" && isDurable });
    });
    return this.#last;
  }
}

function useFor({ status, suspension, secondary, isDeleted }: PeerWord): Use {
  if (isDeleted === true) return "read-write";
  return status === "SPLIT" && suspension === "operator" ? secondary : "receiving";
}
