import { type PeerWord, SILENCE_MS } from "../qemu/peer.ts";
import { type LinkConfig, type PairStatus, secondaryStatus, type VolumeConfig } from "../template/node-server.ts";
import type { Brick } from "./brick.ts";
import type { Hosts } from "./hosts.ts";

/** What the primary tells the secondary. */
export interface BrickWord extends PeerWord {
  /** The host whose self-heal daemon takes care of the brick: the secondary dials nobody, so it has none. */
  readonly caretaker: string;
}

export interface SecondaryParts {
  readonly volume: VolumeConfig;
  readonly link: LinkConfig;
  readonly brick: Brick;
  readonly hosts: Hosts;
  readonly save: () => void;
  /** Serves the volume to hosts as one that is in no pair. */
  readonly release: () => Promise<void>;
}

/** The secondary end of a pair: a brick that the primary's clients write to. It knows what it is told. */
export class Secondary {
  word: BrickWord;
  readonly #parts: SecondaryParts;
  #use: "receiving" | "read-only" | "released" = "released";
  #heardMs = Number.NEGATIVE_INFINITY;
  #last: Promise<void> = Promise.resolve();

  constructor(word: BrickWord, parts: SecondaryParts) {
    this.word = word;
    this.#parts = parts;
  }

  get link(): string {
    return this.#parts.link.name;
  }

  get isConnected(): boolean {
    return performance.now() - this.#heardMs < SILENCE_MS;
  }

  /** It has the whole file. */
  get isHeld(): boolean {
    return this.#parts.brick.holds(this.#parts.volume.sizeBytes);
  }

  status(): PairStatus {
    return secondaryStatus(this.word, this.isConnected);
  }

  /** Of a pair that is new: whatever the volume held is given up, as a brick that is added has to be empty. */
  begin(): Promise<void> {
    // The primary repeats its word while this takes: what follows from that comes after it.
    this.#last = this.#last.then(async () => {
      await this.#parts.hosts.none(this.#parts.volume.name);
      await this.#parts.brick.empty();
      this.#parts.save();
    });
    return this.#last;
  }

  /** After a start: what the word before it asked for. */
  open(): Promise<void> {
    return this.#change();
  }

  /** Takes a word of the primary. Settles when it is so. */
  async take(word: BrickWord): Promise<void> {
    this.#heardMs = performance.now();
    const isNews = JSON.stringify(word) !== JSON.stringify(this.word);
    this.word = word;
    if (isNews) this.#parts.save();
    await this.#change();
  }

  #change(): Promise<void> {
    this.#last = this.#last.then(async () => {
      const { volume, link, brick, hosts, release } = this.#parts;
      const use = useFor(this.word);
      if (this.#use === use) return;
      this.#use = use;
      if (use === "released") return release();
      if (use === "receiving") {
        await hosts.none(volume.name);
        await brick.start({ host: "0.0.0.0", port: link.ports[0] ?? 0 }, this.word.caretaker);
        return undefined;
      }
      await brick.stop();
      await hosts.copy(volume.name, brick.file);
      return undefined;
    });
    return this.#last;
  }
}

function useFor({ status, suspension, isDeleted }: PeerWord): "receiving" | "read-only" | "released" {
  if (isDeleted === true) return "released";
  return status === "SPLIT" && suspension === "operator" ? "read-only" : "receiving";
}
