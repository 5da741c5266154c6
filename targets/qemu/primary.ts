import { setTimeout as sleep } from "node:timers/promises";
import { InOrder } from "../template/in-order.ts";
import type { LinkConfig, PairStatus, VolumeConfig } from "../template/node-server.ts";
import { type PeerWord, SILENCE_MS, tellPeer } from "./peer.ts";
import { filterOf, type MirrorJob, QmpError, type StorageDaemon } from "./storage-daemon.ts";

/** What is known of a pair after a restart. */
export interface PrimaryEntry {
  readonly pair: string;
  readonly volume: string;
  readonly link: string;
  readonly peerVolume: string;
  /** Suspended by a command. */
  readonly isSplit: boolean;
  readonly secondary: "read-only" | "read-write";
}

export interface PrimaryParts {
  readonly daemon: StorageDaemon;
  readonly volume: VolumeConfig;
  readonly link: LinkConfig;
  /** `background` or `write-blocking`. */
  readonly copyMode: string;
  /** A copy that was cut goes on only if the secondary flushed all that it answered, should it have been restarted. */
  readonly isTargetDurable: boolean;
  readonly save: () => void;
}

const TELL_MS = 150;

/**
 * The primary end of a pair: a mirror job of QEMU, and what an operator would have automated around it. The job stops at
 * an error of its target and keeps in memory what it has not copied, so after a cut it goes on where it was. After a
 * restart of either end, or a split, everything is copied.
 */
export class Primary {
  entry: PrimaryEntry;
  readonly #parts: PrimaryParts;
  #job: MirrorJob | undefined;
  #heardMs = 0;
  #boot = "";
  /** Of the job that runs. */
  #jobBoot = "";
  #suspension: string;
  #isEnded = false;
  readonly #order = new InOrder();

  constructor(entry: PrimaryEntry, parts: PrimaryParts, suspension = "") {
    this.entry = entry;
    this.#parts = parts;
    this.#suspension = suspension;
    void this.#keepUp();
  }

  get isConnected(): boolean {
    return performance.now() - this.#heardMs < SILENCE_MS;
  }

  async status(): Promise<PairStatus> {
    this.#job = await this.#parts.daemon.job(this.entry.pair);
    const { status, suspension } = this.#word();
    const { pair, volume } = this.entry;
    const { trackBytes, sizeBytes } = this.#parts.volume;
    const total = Math.ceil(sizeBytes / trackBytes);
    const left = Math.ceil((this.#job?.leftBytes ?? sizeBytes) / trackBytes);
    const progress = status === "COPY" ? { progress: { done: Math.max(0, total - left), total } } : {};
    const common = { pair, volume, role: "primary", consistent: true, connected: this.isConnected } as const;
    return { ...common, status, suspension, pendingTracks: Math.min(left, total), ...progress };
  }

  /** Ends the job when both ends hold the same, and tells the secondary. */
  split(secondary: "read-only" | "read-write"): Promise<void> {
    return this.#order.run(async () => {
      await this.#stop();
      this.#keep({ ...this.entry, isSplit: true, secondary });
      await this.#tell();
    });
  }

  /** Ends a split; or begins, of a pair that is new. @returns whether the secondary was reached */
  async resync(): Promise<boolean> {
    await this.#order.run(async () => {
      this.#suspension = "";
      this.#keep({ ...this.entry, isSplit: false });
      await this.#advance();
    });
    return this.isConnected;
  }

  /** Forgets the pair. */
  end(): Promise<void> {
    return this.#order.run(async () => {
      this.#isEnded = true;
      await this.#stop();
      await this.#tell({ isDeleted: true });
    });
  }

  /** What the secondary is to know now. */
  #word(): PeerWord {
    const { pair, peerVolume: volume, isSplit, secondary } = this.entry;
    const common = { pair, volume, secondary };
    if (isSplit) return { ...common, status: "SPLIT", suspension: "operator", consistent: true };
    const job = this.#job;
    if (job === undefined || job["io-status"] !== "ok" || !this.isConnected) {
      const suspension = this.#suspension === "" ? "link" : this.#suspension;
      return { ...common, status: "SPLIT", suspension, consistent: false };
    }
    const isDuplex = job.ready && (this.#parts.copyMode === "background" || job.leftBytes === 0);
    // A job in the background copies in the order of addresses: what is there meanwhile was never the primary's content.
    const consistent = isDuplex && this.#parts.copyMode === "write-blocking";
    return { ...common, status: isDuplex ? "DUPLEX" : "COPY", suspension: "", consistent };
  }

  async #keepUp(): Promise<void> {
    while (!this.#isEnded) {
      await this.#order.run(() => this.#advance());
      await sleep(TELL_MS);
    }
  }

  async #advance(): Promise<void> {
    if (this.#isEnded) return;
    const { daemon } = this.#parts;
    const { pair, isSplit } = this.entry;
    this.#job = await daemon.job(pair);
    const isHeard = await this.#tell();
    if (isSplit || !isHeard) return;
    this.#job = await daemon.job(pair);
    const isRestarted = this.#jobBoot !== this.#boot;
    if (this.#job !== undefined && isRestarted && !this.#parts.isTargetDurable) {
      await daemon.execute("block-job-cancel", { device: pair, force: true });
      await this.#gone();
    }
    if (this.#job === undefined) await this.#begin();
    else if (this.#job["io-status"] !== "ok") {
      // Before anything is written there out of order, the secondary knows.
      if (await this.#tell({ status: "COPY", consistent: false, suspension: "" }))
        await daemon.execute("block-job-resume", { device: pair });
    }
    this.#jobBoot = this.#boot;
  }

  /** Copies everything, and whatever is written meanwhile. */
  async #begin(): Promise<void> {
    const { daemon, link, copyMode, volume } = this.#parts;
    const { pair, peerVolume } = this.entry;
    if (!(await this.#tell({ status: "COPY", consistent: false, suspension: "" }))) return;
    const target = `${pair}-target`;
    try {
      await daemon.close(target).catch((error: unknown) => ignore(error));
      await daemon.open(target, `nbd://${link.host}:${link.ports[0] ?? 0}/${peerVolume}`);
      await daemon.execute("blockdev-mirror", {
        "job-id": pair,
        device: volume.name,
        target,
        "filter-node-name": filterOf(pair),
        sync: "full",
        "copy-mode": copyMode,
        "on-target-error": "stop",
        granularity: Math.max(512, volume.trackBytes),
      });
      this.#job = await daemon.job(pair);
      this.#suspension = "";
    } catch (error) {
      // The link went meanwhile: it is tried again.
      ignore(error);
    }
  }

  /** Ends the job; a job that is in step ends with both ends alike. */
  async #stop(): Promise<void> {
    const { daemon } = this.#parts;
    const job = await daemon.job(this.entry.pair);
    if (job === undefined) return;
    const force = !job.ready || job["io-status"] !== "ok";
    await daemon.execute("block-job-cancel", { device: this.entry.pair, force });
    await this.#gone();
  }

  async #gone(): Promise<void> {
    const { daemon } = this.#parts;
    do {
      await sleep(5);
      this.#job = await daemon.job(this.entry.pair);
    } while (this.#job !== undefined);
  }

  /** @returns whether it was heard */
  async #tell(changed: Partial<PeerWord> = {}): Promise<boolean> {
    const { host, ports } = this.#parts.link;
    const answer = await tellPeer(host, ports[1] ?? 0, { ...this.#word(), ...changed });
    if (answer === undefined) return false;
    this.#heardMs = performance.now();
    this.#boot = answer.boot;
    return true;
  }

  #keep(entry: PrimaryEntry): void {
    this.entry = entry;
    this.#parts.save();
  }
}

function ignore(error: unknown): void {
  if (!(error instanceof QmpError)) throw error;
}
