import { setTimeout as sleep } from "node:timers/promises";
import { InOrder } from "./in-order.ts";
import type { NbdClient } from "./nbd.mjs";
import type { PairStatus, VolumeConfig } from "./node-server.ts";
import type { Peer, Word } from "./peer.ts";

/** What is known of a pair after a restart. */
export interface MirrorEntry {
  readonly pair: string;
  readonly volume: string;
  readonly link: string;
  readonly peerVolume: string;
  readonly isSplit: boolean;
}

const TELL_MS = 150;

/**
 * The primary end of a synchronous pair: a write is on both disks before it is answered. Tracks that the other end lacks
 * are remembered in memory alone, so after a restart of either end everything is copied.
 */
export class Mirror {
  entry: MirrorEntry;
  readonly #volume: VolumeConfig;
  readonly #disk: NbdClient;
  readonly #peer: Peer;
  readonly #save: () => void;
  readonly #dirty = new Set<number>();
  #isSuspended = true;
  #suspension: string;
  #boot = "";
  #isEnded = false;
  /** Writes and copies. */
  readonly #order = new InOrder();

  constructor(entry: MirrorEntry, parts: { volume: VolumeConfig; disk: NbdClient; peer: Peer; save: () => void }) {
    this.entry = entry;
    this.#volume = parts.volume;
    this.#disk = parts.disk;
    this.#peer = parts.peer;
    this.#save = parts.save;
    this.#suspension = "crash";
    this.#markAll();
    void this.#keepUp();
  }

  status(): PairStatus {
    const { pair, volume } = this.entry;
    const { status, suspension } = this.#word();
    const total = this.#trackCount;
    const progress = status === "COPY" ? { progress: { done: total - this.#dirty.size, total } } : {};
    const common = { pair, volume, role: "primary", consistent: true, connected: this.#peer.isConnected } as const;
    return { ...common, status, suspension, pendingTracks: this.#dirty.size, ...progress };
  }

  /** Rows of neighbouring tracks that the other end may lack. */
  pending(): [first: number, count: number][] {
    const runs: [number, number][] = [];
    for (const track of [...this.#dirty].toSorted((left, right) => left - right)) {
      const last = runs.at(-1);
      if (last !== undefined && last[0] + last[1] === track) last[1]++;
      else runs.push([track, 1]);
    }
    return runs;
  }

  write(offsetBytes: number, data: Uint8Array, fua: boolean): Promise<void> {
    return this.#order.run(async () => {
      const tracks = this.#tracksOf(offsetBytes, data.length);
      const isCopied = !this.#isSuspended && tracks.every((track) => !this.#dirty.has(track));
      await this.#disk.write(offsetBytes, data, { fua });
      if (isCopied && (await this.#peer.write(this.entry.peerVolume, offsetBytes, data, fua))) return;
      // Before the answer: from here on this side is alone with it.
      for (const track of tracks) this.#dirty.add(track);
      if (isCopied) this.#suspend();
    });
  }

  flush(): Promise<void> {
    return this.#order.run(async () => {
      await this.#disk.flush();
      if (!this.#isSuspended && !(await this.#peer.flush(this.entry.peerVolume))) this.#suspend();
    });
  }

  /** @returns whether the other end was reached */
  begin(): Promise<boolean> {
    return this.#order.run(async () => {
      this.#keep({ ...this.entry, isSplit: false });
      this.#suspension = "link";
      return this.#reunite();
    });
  }

  split(): Promise<void> {
    return this.#order.run(async () => {
      this.#isSuspended = true;
      this.#keep({ ...this.entry, isSplit: true });
      await this.#tell();
    });
  }

  end(): Promise<void> {
    this.#isEnded = true;
    return this.#order.run(async () => {
      await this.#tell({ isDeleted: true });
    });
  }

  #word(): Word {
    const { pair, peerVolume: volume, isSplit } = this.entry;
    if (isSplit) return { pair, volume, status: "SPLIT", suspension: "operator", consistent: true };
    if (this.#isSuspended) return { pair, volume, status: "SPLIT", suspension: this.#suspension, consistent: false };
    const isCopied = this.#dirty.size === 0;
    return { pair, volume, status: isCopied ? "DUPLEX" : "COPY", suspension: "", consistent: isCopied };
  }

  async #keepUp(): Promise<void> {
    while (!this.#isEnded) {
      await this.#order.run(() => this.#advance());
      // Between two tracks hosts have their turn.
      if (this.#word().status !== "COPY") await sleep(TELL_MS);
    }
  }

  async #advance(): Promise<void> {
    if (this.#isEnded) return;
    if (this.entry.isSplit) await this.#tell();
    else if (this.#isSuspended) await this.#reunite();
    else if (this.#dirty.size > 0) await this.#copyOne();
    else if (!(await this.#tell())) this.#suspend();
  }

  /** What is written there from now on comes in another order than hosts wrote it: the other end hears of it first. */
  async #reunite(): Promise<boolean> {
    if (!(await this.#tell({ status: "COPY", suspension: "", consistent: false }))) return false;
    this.#isSuspended = false;
    return true;
  }

  async #copyOne(): Promise<void> {
    const [track = 0] = this.#dirty;
    const { trackBytes, sizeBytes } = this.#volume;
    const at = track * trackBytes;
    const data = await this.#disk.read(at, Math.min(trackBytes, sizeBytes - at));
    if (!(await this.#peer.write(this.entry.peerVolume, at, data, false))) {
      this.#suspend();
      return;
    }
    this.#dirty.delete(track);
    if (this.#dirty.size === 0 && !(await this.#tell())) this.#suspend();
  }

  async #tell(changed: Partial<Word> = {}): Promise<boolean> {
    const boot = await this.#peer.tell({ ...this.#word(), ...changed });
    if (boot === undefined) return false;
    // One that was restarted may have lost what it had not flushed.
    if (boot !== this.#boot && this.#boot !== "") this.#markAll();
    this.#boot = boot;
    return true;
  }

  #suspend(): void {
    this.#isSuspended = true;
    this.#suspension = "link";
  }

  #keep(entry: MirrorEntry): void {
    this.entry = entry;
    this.#save();
  }

  get #trackCount(): number {
    return Math.ceil(this.#volume.sizeBytes / this.#volume.trackBytes);
  }

  #markAll(): void {
    for (let track = 0; track < this.#trackCount; track++) this.#dirty.add(track);
  }

  #tracksOf(offsetBytes: number, lengthBytes: number): readonly number[] {
    const { trackBytes } = this.#volume;
    const first = Math.floor(offsetBytes / trackBytes);
    const end = Math.ceil((offsetBytes + lengthBytes) / trackBytes);
    return Array.from({ length: end - first }, (_, index) => first + index);
  }
}
