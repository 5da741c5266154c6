import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { beginLocalCopy, runLocalCopy } from "../mirror/local-copy.ts";
import { LocalCompletion } from "../mirror/local-completion.ts";
import { LocalPair } from "../mirror/local-pair.ts";
import type { LocalPairEntry } from "../mirror/local-pair-entry.ts";
import { illegalTransition } from "../mirror/illegal-transition.ts";
import { setStatus } from "../mirror/pair-status.ts";
import { type Disk, NS_PER_MS } from "../ports/index.ts";
import { restoreFromMirror, type RestoreScope, resumeRestoreFromMirror } from "../restore/concurrent-restore.ts";
import type { Runtime } from "../runtime.ts";
import { diskFailure } from "../volume/disk-failure.ts";
import type { Volume } from "../volume/volume.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** A mirror that a failed disk has suspended is tried again after this long. */
const RETRY_NS = 1_000 * NS_PER_MS;
/** Updates of the volume, updates of the mirror, tracks to restore. */
const BITMAPS = 3;

/** What a local mirror is made of. */
export interface LocalMirrorDefinition {
  readonly pair: string;
  readonly volume: string;
  readonly mirrorVolume: string;
}

/** The local mirrors of a system (BR-5). A volume may have several: generations of its backup (BR-7). */
export class LocalMirrors {
  readonly #memory: SharedMemory;
  readonly #meta: Disk;
  readonly #runtime: Runtime;
  readonly #pairs = new Map<string, LocalPair>();
  /** Settles when every tap is in place: a change before would pass some by, and mark over marks that are not read yet. */
  readonly #started: Promise<void>;
  #start: () => void = () => {};

  constructor(memory: SharedMemory, meta: Disk, runtime: Runtime) {
    this.#memory = memory;
    this.#meta = meta;
    this.#runtime = runtime;
    this.#started = new Promise((resolve) => {
      this.#start = resolve;
    });
  }

  /** Everything is loaded: what a crash interrupted goes on. */
  start(): void {
    this.#start();
  }

  /** In the order of their creation. */
  all(): readonly LocalPair[] {
    return [...this.#pairs.values()];
  }

  get(name: string): LocalPair | undefined {
    return this.#pairs.get(name);
  }

  /** @throws EngineError PAIR_UNKNOWN */
  required(name: string): LocalPair {
    const pair = this.#pairs.get(name);
    if (pair === undefined) throw new EngineError("PAIR_UNKNOWN", { pair: name });
    return pair;
  }

  /** The local mirror whose secondary this volume is. */
  onMirror(volume: Volume): LocalPair | undefined {
    return this.all().find(({ mirror }) => mirror === volume);
  }

  bitmapEndsBytes(): number[] {
    return this.all().map(({ entry, volume }) => entry.restoreBitmapOffsetBytes + intentBitmapBytes(volume.trackCount));
  }

  /**
   * SIMPLEX → COPY: makes a local mirror, durable when it settles, and starts the initial copy.
   * @throws EngineError PAIR_EXISTS, VOLUME_UNKNOWN, MIRROR_MISFIT, META_TOO_SMALL, TABLE_FULL, DISK_FAILED
   */
  async create({ pair: name, volume: volumeName, mirrorVolume }: LocalMirrorDefinition): Promise<void> {
    const volume = this.#memory.volume(volumeName);
    const mirror = this.#memory.volume(mirrorVolume);
    this.#memory.requireFreshName(name);
    // A mirror has no mirrors of its own: who holds a range of one volume waits for one of a mirror, never the reverse.
    const taken =
      this.#memory.pairs().find((pair) => pair.volume === mirror) ??
      this.all().find((pair) => pair.mirror === mirror || pair.mirror === volume || pair.volume === mirror);
    const why = misfit(volume, mirror);
    if (why !== "") throw new EngineError("MIRROR_MISFIT", { pair: name, volume: volumeName, mirrorVolume, why });
    if (taken !== undefined) throw new EngineError("PAIR_EXISTS", { pair: taken.entry.name, volume: mirrorVolume });
    const bitmapBytes = intentBitmapBytes(volume.trackCount);
    const bitmapOffsetBytes = this.#memory.allocateBitmap(BITMAPS * bitmapBytes);
    const pair = this.#install({
      copyType: "local",
      id: this.#runtime.random.next32(),
      name,
      volume: volumeName,
      mirrorVolume,
      sizeBytes: volume.sizeBytes,
      trackBytes: volume.trackBytes,
      status: "COPY",
      suspension: "",
      task: "",
      mirrorWritable: false,
      splitCount: 0,
      restoreCount: 0,
      bitmapOffsetBytes,
      mirrorBitmapOffsetBytes: bitmapOffsetBytes + bitmapBytes,
      restoreBitmapOffsetBytes: bitmapOffsetBytes + 2 * bitmapBytes,
    });
    pair.pending.dirty.setAll();
    pair.busy = "resync";
    try {
      // The bitmaps first: an entry must never point at marks of an earlier pair.
      await pair.writeIntents();
      await pair.writeIntents(pair.mirrorSide.intents);
      // Hosts that were writing to the mirror end before it is overwritten.
      const release = await mirror.locks.drain();
      release();
      this.#memory.table.add(pair.entry);
    } catch (error) {
      await Promise.all([pair.intents.end(), pair.mirrorSide.intents.end()]);
      this.#uninstall(pair);
      throw error;
    }
    await this.#memory.table.persist();
    pair.busy = "";
    this.#runtime.tasks.spawn(runLocalCopy(pair));
  }

  /**
   * Reads a mirror after a start. What was DUPLEX with open marks, or was being copied, is copied on from
   * {@link start} on.
   * @throws EngineError META_CORRUPT: a restore ran, and nobody knows which tracks are left. @throws DiskError
   */
  async load(entry: LocalPairEntry): Promise<void> {
    const pair = this.#install(entry);
    const { pending, mirrorSide, intents } = pair;
    let corruptSectors = await intents.load(pending.dirty);
    if (entry.task === "completing") await this.#resumeCompletion(pair);
    else corruptSectors += await mirrorSide.intents.load(mirrorSide.dirty);
    this.#runtime.log.step("local.loaded", { pair: entry.name, pending: pending.count, corruptSectors });
    if (entry.task === "restoring") await resumeRestoreFromMirror(pair, this.#meta, this.#started);
    if (entry.status === "SPLIT") {
      if (entry.suspension === "error") this.#retry(pair);
      return;
    }
    // The volume's side has held these marks since before the copy began.
    mirrorSide.dirty.clearAll();
    if (entry.status === "DUPLEX" && pending.dirty.count === 0) pair.live = true;
    else {
      setStatus(entry, "SPLIT");
      setStatus(entry, "COPY");
      await intents.writeAll();
      this.#runtime.tasks.spawn(this.#started.then(() => runLocalCopy(pair)));
    }
  }

  async #resumeCompletion(pair: LocalPair): Promise<void> {
    const completion = new LocalCompletion(pair);
    await completion.resume();
    this.#runtime.tasks.spawn(this.#started.then(() => completion.run()));
  }

  /**
   * SPLIT → COPY → DUPLEX: the mirror gets what it lacks, and loses what was written to it.
   * @throws EngineError ILLEGAL_TRANSITION, DISK_FAILED
   */
  async resync(pair: LocalPair, direction: "forward" | "reverse" | undefined): Promise<void> {
    const { entry, busy } = pair;
    if (entry.status !== "SPLIT" || entry.task !== "" || busy !== "" || direction === "reverse")
      throw illegalTransition(pair, "resync", "SPLIT, forward, and nothing else under way");
    pair.busy = "resync";
    try {
      await beginLocalCopy(pair);
    } finally {
      pair.busy = "";
    }
    this.#runtime.tasks.spawn(runLocalCopy(pair));
  }

  /** SPLIT → SIMPLEX, durable before the taps go. The mirror is busy with that, and with nothing else. */
  async erase(pair: LocalPair): Promise<void> {
    const { table } = this.#memory;
    table.remove(pair.entry.name);
    await table.persist();
    // Their place may be another pair's as soon as this one is gone.
    await Promise.all([pair.intents.end(), pair.mirrorSide.intents.end()]);
    // In the order in which a change takes them.
    const releases = [await pair.volume.locks.drain(), await pair.mirror.locks.drain()];
    this.#uninstall(pair);
    for (const release of releases) release();
  }

  /** @throws EngineError as {@link restoreFromMirror}, DISK_FAILED */
  async restore(pair: LocalPair, scope: RestoreScope): Promise<void> {
    try {
      const { ended } = await restoreFromMirror(pair, scope, this.#meta);
      this.#runtime.tasks.spawn(ended);
    } catch (error) {
      throw diskFailure(error, "meta");
    }
  }

  #retry(pair: LocalPair): void {
    this.#runtime.clock.after(RETRY_NS, () => {
      const { entry, busy } = pair;
      if (entry.status !== "SPLIT" || entry.suspension !== "error" || this.#pairs.get(entry.name) !== pair) return;
      if (busy !== "") this.#retry(pair);
      else this.#runtime.tasks.spawn(this.#tryAgain(pair));
    });
  }

  async #tryAgain(pair: LocalPair): Promise<void> {
    try {
      await this.resync(pair, "forward");
    } catch (error) {
      handled(error, EngineError);
      this.#retry(pair);
    }
  }

  #install(entry: LocalPairEntry): LocalPair {
    const { table } = this.#memory;
    const volume = this.#memory.volume(entry.volume);
    const mirror = this.#memory.volume(entry.mirrorVolume);
    const pair = new LocalPair(entry, { volume, mirror, table, meta: this.#meta, runtime: this.#runtime });
    pair.onFailed = () => this.#retry(pair);
    this.#pairs.set(entry.name, pair);
    volume.addTap(pair);
    mirror.addTap(pair.mirrorSide);
    return pair;
  }

  #uninstall(pair: LocalPair): void {
    this.#pairs.delete(pair.entry.name);
    pair.volume.removeTap(pair);
    pair.mirror.removeTap(pair.mirrorSide);
  }
}

/** Why the two cannot mirror each other; "" if they can. */
function misfit(volume: Volume, mirror: Volume): string {
  if (volume === mirror) return "a volume is no mirror of itself";
  for (const { name, reservedFor } of [volume, mirror])
    if (reservedFor !== "") return `${name} is reserved for ${reservedFor}`;
  if (volume.sizeBytes !== mirror.sizeBytes) return `${mirror.sizeBytes} bytes, expected ${volume.sizeBytes} bytes`;
  if (volume.trackBytes !== mirror.trackBytes)
    return `tracks of ${mirror.trackBytes} bytes, expected ${volume.trackBytes} bytes`;
  return "";
}
