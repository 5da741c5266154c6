import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { type Disk, DiskError, NS_PER_MS, SECTOR_BYTES } from "../ports/index.ts";
import type { Pair } from "../mirror/pair.ts";
import type { Runtime } from "../runtime.ts";
import { PAYLOAD_BYTES_MAX } from "../wire/frame.ts";
import { RangeLock } from "./range-lock.ts";

/** A track stays pending at most about this long after its last write. */
const CHECKPOINT_AFTER_NS = 50 * NS_PER_MS;
/** More active tracks than this bring the checkpoint forward. */
const ACTIVE_TRACKS_MAX = 256;
/** Host requests of a volume that may hold or wait for a range. */
const REQUESTS_MAX = 1024;

/** What a host may do with a volume. */
export type Access = "read-write" | "read-only" | "none";

/** One change to a range of a volume. */
export type Update =
  | { readonly kind: "write"; readonly offsetBytes: number; readonly data: Uint8Array; readonly fua: boolean }
  | { readonly kind: "zero"; readonly offsetBytes: number; readonly lengthBytes: number };

/**
 * A volume and its mirrors. Host requests pass here in the order of durability (rule 3): range
 * lock, durable intent, room on the way, and then, in one step that nothing interrupts, the
 * decision to replicate, the frame, and the local write.
 */
export class Volume {
  readonly name: string;
  readonly disk: Disk;
  readonly trackBytes: number;
  readonly trackCount: number;
  readonly locks = new RangeLock();
  readonly #runtime: Runtime;
  readonly #pairs: Pair[] = [];
  /** Updates that wait until a pair can say who may write. */
  #waiting = 0;
  #tick = 0;
  #flushedTick = 0;
  #checkpointSet = false;
  #checkpointing = false;

  constructor(name: string, disk: Disk, trackBytes: number, runtime: Runtime) {
    this.name = name;
    this.disk = disk;
    this.trackBytes = trackBytes;
    this.trackCount = Math.ceil(disk.sizeBytes / trackBytes);
    this.#runtime = runtime;
  }

  get sizeBytes(): number {
    return this.disk.sizeBytes;
  }

  /** Counts local writes as they complete. */
  get tick(): number {
    return this.#tick;
  }

  get flushedTick(): number {
    return this.#flushedTick;
  }

  get pairs(): readonly Pair[] {
    return this.#pairs;
  }

  addPair(pair: Pair): void {
    this.#pairs.push(pair);
  }

  removePair(pair: Pair): void {
    const at = this.#pairs.indexOf(pair);
    assert(at >= 0, "a pair is removed from its volume");
    this.#pairs.splice(at, 1);
  }

  /** The strictest of all pairs. */
  access(): Access {
    let access: Access = "read-write";
    for (const pair of this.#pairs) {
      const granted = pair.access();
      if (granted === "none") return "none";
      if (granted === "read-only") access = granted;
    }
    return access;
  }

  /** @throws EngineError NO_ACCESS, OUT_OF_RANGE, UNALIGNED, DISK_FAILED, BUSY */
  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.checkRange(offsetBytes, lengthBytes);
    await this.#settled();
    this.#checkAccess("read-only");
    try {
      return await this.disk.read(offsetBytes, lengthBytes);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Acknowledges when the data is where every pair's mode says. One frame must hold the data.
   * @throws EngineError as {@link read}
   */
  async update(update: Update): Promise<void> {
    const lengthBytes = update.kind === "write" ? update.data.length : update.lengthBytes;
    this.checkRange(update.offsetBytes, lengthBytes);
    assert(update.kind === "zero" || lengthBytes <= PAYLOAD_BYTES_MAX, "the front-end cuts a large write up");
    const first = Math.floor(update.offsetBytes / this.trackBytes);
    const last = Math.floor((update.offsetBytes + lengthBytes - 1) / this.trackBytes);
    const release = await this.#acquire(update.offsetBytes, update.offsetBytes + lengthBytes);
    try {
      this.#checkAccess("read-write");
      for (const pair of this.#pairs) pair.pending.begin(first, last);
      try {
        await this.#markIntents(first, last);
        const payloadBytes = update.kind === "write" ? lengthBytes : 0;
        // The last look and the frames are one step, so this loop must stay in the function that calls #apply.
        for (let wait = this.#notReady(payloadBytes); wait !== undefined; wait = this.#notReady(payloadBytes))
          await wait;
        await this.#apply(update, first, last);
      } finally {
        for (const pair of this.#pairs) pair.pending.end(first, last, this.#tick);
      }
    } finally {
      release();
    }
  }

  /** Makes intents durable: a failed one means that the data is not written (rule 3). */
  async #markIntents(first: number, last: number): Promise<void> {
    try {
      for (const pair of this.#pairs) {
        const marked = pair.markIntent(first, last);
        if (marked !== undefined) await marked;
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** What some pair must wait for before a write may go on; `undefined` if every pair says "go". */
  #notReady(payloadBytes: number): Promise<unknown> | undefined {
    for (const pair of this.#pairs) {
      const wait = pair.ready(payloadBytes);
      if (wait !== undefined) return wait;
    }
    return undefined;
  }

  async #apply(update: Update, first: number, last: number): Promise<void> {
    // Nothing is awaited since every pair was ready: no half of a transition is seen (rule 4).
    this.#checkAccess("read-write");
    const remote = this.#pairs.map((pair) => pair.replicate(update, first, last));
    const local =
      update.kind === "write"
        ? this.disk.write(update.offsetBytes, update.data, { fua: update.fua })
        : this.disk.trim(update.offsetBytes, update.lengthBytes);
    this.scheduleCheckpoint();
    let failure: EngineError | undefined;
    try {
      await local;
    } catch (error) {
      failure = this.#failed(error);
      for (const pair of this.#pairs) pair.localFailed(first, last);
    }
    this.#tick++;
    for (const applied of remote) if (applied !== undefined) await applied;
    if (failure !== undefined) throw failure;
  }

  /** Durable here and, for synchronous pairs, there. @throws EngineError DISK_FAILED, NO_ACCESS */
  async flush(): Promise<void> {
    await this.#settled();
    this.#checkAccess("read-only");
    try {
      await this.#flush();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async #flush(): Promise<void> {
    const tick = this.#tick;
    const remote = this.#pairs.map((pair) => pair.flushRemote());
    await this.disk.flush();
    this.#flushedTick = Math.max(this.#flushedTick, tick);
    for (const durable of remote) if (durable !== undefined) await durable;
    for (const pair of this.#pairs) await pair.readyToPromise();
    for (const pair of this.#pairs) pair.retire();
  }

  /** Arranges that active tracks become durable on both sides and stop being pending. */
  scheduleCheckpoint(): void {
    if (this.#activeCount() > ACTIVE_TRACKS_MAX && !this.#checkpointing) this.#runtime.tasks.spawn(this.#checkpoint());
    if (this.#checkpointSet) return;
    this.#checkpointSet = true;
    this.#runtime.clock.after(CHECKPOINT_AFTER_NS, () => {
      this.#checkpointSet = false;
      if (!this.#checkpointing) this.#runtime.tasks.spawn(this.#checkpoint());
    });
  }

  async #checkpoint(): Promise<void> {
    this.#checkpointing = true;
    try {
      for (const pair of this.#pairs) pair.flushBehind();
      const tick = this.#tick;
      await this.disk.flush();
      this.#flushedTick = Math.max(this.#flushedTick, tick);
      for (const pair of this.#pairs) {
        pair.retire();
        await pair.sweep();
      }
    } catch (error) {
      // The tracks stay pending; the next checkpoint tries again.
      if (!(error instanceof DiskError)) throw error;
    } finally {
      this.#checkpointing = false;
    }
    if (this.#activeCount() > 0) this.scheduleCheckpoint();
  }

  #activeCount(): number {
    let count = 0;
    for (const pair of this.#pairs) count += pair.pending.activeCount;
    return count;
  }

  /** Waits while a pair cannot say yet who may write. */
  async #settled(): Promise<void> {
    for (let wait = this.#holding(); wait !== undefined; wait = this.#holding()) await wait;
  }

  #holding(): Promise<void> | undefined {
    let wait: Promise<void> | undefined;
    for (const pair of this.#pairs) wait ??= pair.holding();
    return wait;
  }

  /**
   * Takes a range, which must not be waited with: whoever makes hosts wait also waits for all who
   * have a range or queue for one. So nothing is awaited between the look and the queue.
   */
  async #acquire(start: number, end: number): Promise<() => void> {
    for (let wait = this.#holding(); wait !== undefined; wait = this.#holding()) {
      this.#waiting++;
      await wait;
      this.#waiting--;
    }
    return this.locks.acquire(start, end);
  }

  #checkAccess(needed: "read-only" | "read-write"): void {
    const access = this.access();
    if (access === "none" || (access === "read-only" && needed === "read-write"))
      throw new EngineError("NO_ACCESS", { volume: this.name, why: `access is ${access}, ${needed} is needed` });
  }

  /** @throws EngineError UNALIGNED, OUT_OF_RANGE, BUSY */
  checkRange(offsetBytes: number, lengthBytes: number): void {
    const { name: volume, sizeBytes } = this;
    if (offsetBytes % SECTOR_BYTES !== 0 || lengthBytes % SECTOR_BYTES !== 0 || lengthBytes <= 0)
      throw new EngineError("UNALIGNED", { volume, offsetBytes, lengthBytes });
    if (offsetBytes < 0 || offsetBytes + lengthBytes > sizeBytes)
      throw new EngineError("OUT_OF_RANGE", { volume, offsetBytes, lengthBytes, sizeBytes });
    const waiting = this.locks.size + this.#waiting;
    if (waiting >= REQUESTS_MAX) throw new EngineError("BUSY", { volume, waiting });
  }

  /** @returns the error that a host sees for a device's; our own bugs pass through */
  #failed(error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    if (error instanceof DiskError) return new EngineError("DISK_FAILED", { volume: this.name, code: error.code });
    throw error;
  }
}
