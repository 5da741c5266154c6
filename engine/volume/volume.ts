import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { type Disk, SECTOR_BYTES } from "../ports/index.ts";
import type { CopyIn } from "../restore/copy-in.ts";
import type { Runtime } from "../runtime.ts";
import { PAYLOAD_BYTES_MAX } from "../wire/frame.ts";
import { Checkpoint } from "./checkpoint.ts";
import { diskFailure } from "./disk-failure.ts";
import { type Held, RangeLock } from "./range-lock.ts";
import { readVisible } from "./read-visible.ts";
import { NO_REGIONS, type RegionOptions } from "./regions.ts";
import { notReady, type Tap } from "./tap.ts";
import { type Access, type Extent, lengthOf, type Update } from "./update.ts";
import type { VolumeJournal } from "./volume-journal.ts";

export type { Access, Extent, Update };

/** Host requests of a volume that may hold or wait for a range. */
const REQUESTS_MAX = 1024;

/**
 * A volume and what taps it: mirrors, images, journals, restores. Host requests pass here in the order
 * of durability (rule 3): range lock, whatever must be durable first, room on the way, and then, in
 * one step that nothing interrupts, the decision to replicate, the frame, and the local write.
 */
export class Volume {
  readonly name: string;
  /** Holds its content; another one of the same size after {@link exchangeDisk}. */
  disk: Disk;
  readonly trackBytes: number;
  readonly trackCount: number;
  /** How its remote mirror marks what is about to change. */
  readonly regions: RegionOptions;
  readonly locks = new RangeLock();
  /** What the system keeps on this volume; hosts have no access then. "" for a volume of theirs. */
  reservedFor = "";
  /** What brings other content into the volume now: until it is through, nothing else is a moment of it. */
  rewriter: CopyIn | undefined;
  journal: VolumeJournal | undefined;
  /** Its disk is about to be exchanged for another one. */
  exchanging = false;
  /** Its content changed at once, and is on its way to the mirrors. */
  resending = false;
  /** Counts local changes that failed. */
  failures = 0;
  readonly #checkpoint: Checkpoint;
  readonly #taps: Tap[] = [];
  /** Updates that wait until a tap can say who may write. */
  #waiting = 0;
  #tick = 0;
  /** -1: what an earlier program wrote here may be volatile still, even if power was not lost since. */
  #flushedTick = -1;

  constructor(name: string, disk: Disk, trackBytes: number, runtime: Runtime, regions = NO_REGIONS) {
    this.name = name;
    this.disk = disk;
    this.trackBytes = trackBytes;
    this.regions = regions;
    this.trackCount = Math.ceil(disk.sizeBytes / trackBytes);
    this.#checkpoint = new Checkpoint(this, runtime);
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

  /** One that needs whole tracks locked is added while nothing is under way ({@link RangeLock.drain}). */
  addTap(tap: Tap): void {
    this.#taps.splice(tap.comesFirst ? 0 : this.#taps.length, 0, tap);
  }

  removeTap(tap: Tap): void {
    const at = this.#taps.indexOf(tap);
    assert(at >= 0, "a tap is removed from its volume");
    this.#taps.splice(at, 1);
  }

  /** The strictest of all taps. */
  access(): Access {
    if (this.reservedFor !== "") return "none";
    let access: Access = "read-write";
    for (const tap of this.#taps) {
      const granted = tap.access();
      if (granted === "none") return "none";
      if (granted === "read-only") access = granted;
    }
    return access;
  }

  /** @throws EngineError RESTORE_RUNS: the content is on its way, and `command` needs all of it */
  requireWhole(command: string): void {
    if (this.rewriter !== undefined || this.exchanging || this.resending)
      throw new EngineError("RESTORE_RUNS", { volume: this.name, command });
  }

  /** In the order in which they hear of a change. */
  get taps(): readonly Tap[] {
    return this.#taps;
  }

  /** This volume's content is on `other`'s disk from now on, and the other way round. Both are durable; nothing is under way. */
  exchangeDisk(other: Volume): void {
    assert(other.sizeBytes === this.sizeBytes, "disks that are exchanged are of one size");
    [this.disk, other.disk] = [other.disk, this.disk];
    this.#flushedTick = this.#tick;
  }

  rewriteBegins(): void {
    for (const tap of this.#taps) tap.rewriteBegins();
  }

  rewriteEnds(): void {
    for (const tap of this.#taps) tap.rewriteEnds();
  }

  /** A host's read. @throws EngineError NO_ACCESS, OUT_OF_RANGE, UNALIGNED, DISK_FAILED, BUSY */
  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.checkRange(offsetBytes, lengthBytes);
    await this.#settled();
    this.#checkAccess("read-only");
    try {
      return await readVisible(this, offsetBytes, lengthBytes);
    } catch (error) {
      throw diskFailure(error, this.name);
    }
  }

  /** What must happen before these tracks are read from the disk; `undefined` for nothing. Takes ranges. @throws DiskError */
  prepareRead(first: number, last: number): Promise<void> | undefined {
    const prepared = this.#taps.flatMap((tap) => tap.prepareRead(first, last) ?? []);
    return prepared.length === 0 ? undefined : Promise.all(prepared).then(() => {});
  }

  /** Tracks whose content is still elsewhere; {@link prepareRead} brings it. */
  *displaced(): Generator<number> {
    for (const tap of this.#taps) yield* tap.displaced();
  }

  /**
   * A host's change: acknowledged when the data is where every tap wants it. One frame must hold it.
   * @throws EngineError as {@link read}
   */
  async update(update: Update): Promise<void> {
    const lengthBytes = lengthOf(update);
    this.checkRange(update.offsetBytes, lengthBytes);
    assert(update.kind === "zero" || lengthBytes <= PAYLOAD_BYTES_MAX, "the front-end cuts a large write up");
    const free = this.#holding() === undefined ? this.#tryLock(update.offsetBytes, lengthBytes) : undefined;
    const range = free ?? (await this.#acquire(update.offsetBytes, lengthBytes));
    try {
      this.#checkAccess("read-write");
      await this.#change(update, undefined, range);
    } catch (error) {
      throw diskFailure(error, this.name);
    } finally {
      this.locks.release(range);
    }
  }

  /**
   * A change that comes from `origins`, which do not hear of it again: what a mirror received, what
   * a restore brings back. Hosts' access does not matter. @throws DiskError, EngineError
   */
  async apply(update: Update, ...origins: readonly Tap[]): Promise<void> {
    const lengthBytes = lengthOf(update);
    const free = this.#tryLock(update.offsetBytes, lengthBytes);
    const range = free ?? (await this.#lock(update.offsetBytes, lengthBytes));
    // The way of most secondaries: nobody else wants to know.
    const isAlone = this.#taps.length === 1 && this.#taps[0] === origins[0];
    try {
      await (isAlone ? this.#write(update) : this.#change(update, origins, range));
    } finally {
      if (isAlone) this.#tick++;
      this.locks.release(range);
    }
  }

  /** Counts local writes that somebody else made, done or failed. */
  wrote(count: number): void {
    this.#tick += count;
  }

  /** {@link apply} by someone who holds the tracks. */
  applyLocked(update: Update, ...origins: readonly Tap[]): Promise<void> {
    return this.#change(update, origins);
  }

  /**
   * A change that was under way when the system crashed is made again by `origin`, before hosts and other
   * ends are there: as if it had reached the disk then. Nothing is promised anew, so no mirror is asked
   * whether it is ready. @throws DiskError
   */
  async replay(update: Update, origin: Tap): Promise<void> {
    const { first, last } = this.tracks(update.offsetBytes, lengthOf(update));
    // What a restore has not brought yet it brings in any case: this may be what was there before a write that failed.
    const taps = this.#taps.filter((tap) => tap !== origin && tap !== this.rewriter);
    for (const tap of taps) tap.begin(first, last);
    try {
      for (const tap of taps) await tap.prepare(update, first, last);
      await this.#commit(update, taps, first, last);
    } finally {
      for (const tap of taps) tap.end(first, last, this.#tick);
    }
  }

  /** @param origins who made it; `undefined` for a host. @param range what is held for this change alone */
  async #change(update: Update, origins: readonly Tap[] | undefined, range?: Held): Promise<void> {
    const { first, last } = this.tracks(update.offsetBytes, lengthOf(update));
    // A tap that comes while this change is under way must not hear half of it.
    const taps = origins === undefined ? this.#taps.slice() : this.#taps.filter((tap) => !origins.includes(tap));
    for (const tap of taps) tap.begin(first, last);
    let committed = false;
    try {
      for (const tap of taps) {
        const prepared = tap.prepare(update, first, last);
        if (prepared !== undefined) await prepared;
      }
      const payloadBytes = update.kind === "write" ? update.data.length : 0;
      for (;;) {
        const wait = notReady(taps, payloadBytes, update);
        if (wait === undefined) break;
        await wait;
      }
      // Nothing is awaited since every tap was ready: no half of a transition is seen (rule 4).
      if (origins === undefined) this.#checkAccess("read-write");
      committed = true;
      await this.#commit(update, taps, first, last, range);
    } finally {
      try {
        if (!committed) for (const tap of taps) await tap.abandon(update);
        // Nothing else would make the taps forget its tracks.
        if (!committed) this.scheduleCheckpoint();
      } finally {
        for (const tap of taps) tap.end(first, last, this.#tick);
      }
    }
  }

  async #commit(update: Update, taps: readonly Tap[], first: number, last: number, range?: Held): Promise<void> {
    const acknowledged: Promise<void>[] = [];
    for (const tap of taps) {
      const settled = tap.commit(update, first, last);
      if (settled !== undefined) acknowledged.push(settled);
    }
    const local = this.#write(update);
    this.scheduleCheckpoint();
    let failure: { readonly error: unknown } | undefined;
    try {
      try {
        await local;
      } finally {
        this.#tick++;
      }
      for (const tap of taps) {
        const written = tap.written(update, first, last);
        if (written !== undefined) await written;
      }
      if (range !== undefined) this.locks.placed(range);
    } catch (error) {
      this.failures++;
      failure = { error };
      for (const tap of taps) tap.failed(first, last, update);
    }
    for (const settled of acknowledged) await settled;
    if (failure !== undefined) throw failure.error;
  }

  /** Starts the local write. Whoever waits for it counts it then, done or failed. */
  #write(update: Update): Promise<void> {
    return update.kind === "write"
      ? this.disk.write(update.offsetBytes, update.data, { fua: update.fua })
      : this.disk.trim(update.offsetBytes, update.lengthBytes);
  }

  /** A host's flush: durable here and, for synchronous pairs, there. @throws EngineError DISK_FAILED, NO_ACCESS */
  async flush(): Promise<void> {
    await this.#settled();
    this.#checkAccess("read-only");
    try {
      await this.#flush();
    } catch (error) {
      throw diskFailure(error, this.name);
    }
  }

  async #flush(): Promise<void> {
    const others = this.#taps.map((tap) => tap.flush());
    await this.flushDisk();
    for (const durable of others) if (durable !== undefined) await durable;
    for (const tap of this.#taps) await tap.readyToPromise();
    for (const tap of this.#taps) tap.retire();
  }

  /** Makes what is on this disk durable; no tap hears of it. @throws DiskError */
  async flushDisk(): Promise<void> {
    const tick = this.#tick;
    await this.disk.flush();
    this.#flushedTick = Math.max(this.#flushedTick, tick);
  }

  /** Arranges that active tracks become durable on both sides and stop being pending. */
  scheduleCheckpoint(): void {
    this.#checkpoint.schedule();
  }

  /** For a stop: {@link Checkpoint.settle}. */
  settle(): Promise<void> {
    return this.#checkpoint.settle();
  }

  /** Waits while a tap cannot say yet who may write. */
  async #settled(): Promise<void> {
    for (let wait = this.#holding(); wait !== undefined; wait = this.#holding()) await wait;
  }

  #holding(): Promise<void> | undefined {
    let wait: Promise<void> | undefined;
    for (const tap of this.#taps) wait ??= tap.holding();
    return wait;
  }

  /**
   * Takes a range, which must not be waited with: whoever makes hosts wait also waits for all who
   * have a range or queue for one. So nothing is awaited between the look and the queue.
   */
  async #acquire(offsetBytes: number, lengthBytes: number): Promise<Held> {
    for (let wait = this.#holding(); wait !== undefined; wait = this.#holding()) {
      this.#waiting++;
      await wait;
      this.#waiting--;
    }
    return this.#lock(offsetBytes, lengthBytes);
  }

  /** {@link #lock} where nobody has to be waited for, which is the common case. */
  #tryLock(offsetBytes: number, lengthBytes: number): Held | undefined {
    const { startBytes, endBytes } = this.#locked(offsetBytes, lengthBytes);
    return this.locks.tryHold(startBytes, endBytes);
  }

  async #lock(offsetBytes: number, lengthBytes: number): Promise<Held> {
    for (;;) {
      const { startBytes, endBytes } = this.#locked(offsetBytes, lengthBytes);
      const range = await this.locks.hold(startBytes, endBytes);
      // A tap that locks whole tracks may have come while this waited.
      const needed = this.#locked(offsetBytes, lengthBytes);
      if (needed.startBytes >= startBytes && needed.endBytes <= endBytes) return range;
      this.locks.release(range);
    }
  }

  /** The range that a change locks: its own bytes, or whole tracks where a tap copies whole tracks. */
  #locked(offsetBytes: number, lengthBytes: number): { readonly startBytes: number; readonly endBytes: number } {
    for (const { locksTracks } of this.#taps) {
      if (!locksTracks) continue;
      const { first, last } = this.tracks(offsetBytes, lengthBytes);
      return { startBytes: first * this.trackBytes, endBytes: (last + 1) * this.trackBytes };
    }
    return { startBytes: offsetBytes, endBytes: offsetBytes + lengthBytes };
  }

  /** Those that a range touches. */
  tracks(offsetBytes: number, lengthBytes: number): { readonly first: number; readonly last: number } {
    return {
      first: Math.floor(offsetBytes / this.trackBytes),
      last: Math.floor((offsetBytes + lengthBytes - 1) / this.trackBytes),
    };
  }

  /** Where tracks are; the last one of a volume may be a part of one. */
  extent(first: number, last: number): Extent {
    const offsetBytes = first * this.trackBytes;
    return { offsetBytes, lengthBytes: Math.min((last + 1) * this.trackBytes, this.sizeBytes) - offsetBytes };
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
}
