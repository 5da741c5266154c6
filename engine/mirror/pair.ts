import { assert } from "../assert.ts";
import type { Disk } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import { diskFailure } from "../volume/disk-failure.ts";
import { HostHold } from "../volume/host-hold.ts";
import { Tap } from "../volume/tap.ts";
import type { Access, Update, Volume } from "../volume/volume.ts";
import { type ChangeNumber, lengthOf } from "../volume/update.ts";
import { FLAG_NUMBERED, numberedPayload } from "../wire/change-number.ts";
import { ByteCount } from "../wire/traffic.ts";
import { zeroPayload } from "../wire/zero-range.ts";
import { FLAG_FUA, FLAG_UNORDERED } from "../wire/frame.ts";
import type { Connection } from "./connection.ts";
import type { CopyManagementTable } from "./copy-management-table.ts";
import { ANCESTORS_MAX, newGeneration } from "./generation.ts";
import { endExchange, markExchange, tellExchange } from "./exchange.ts";
import type { IntentStore } from "./intent-store.ts";
import { openIntents } from "./open-intents.ts";
import type { PairEntry, PairState, Suspension } from "./pair-entry.ts";
import { forgetImage, type PairImage } from "./pair-image.ts";
import { setStatus } from "./pair-status.ts";
import { Lag } from "./lag.ts";
import { type SelfRecovery, tellRecovery } from "./self-recovery.ts";
import { PendingTracks } from "./pending-tracks.ts";

/** Progress of a resync that runs from this side, in tracks. */
export interface CopyProgress {
  done: number;
  readonly total: number;
}

/** Why hosts wait: for word of the other end after a start, for a swap of roles, for an image to be fixed. */
export type Hold = "start" | "swap" | "image";

/**
 * One mirrored pair as one end sees it: its durable entry, its pending tracks, and whether host
 * writes go to the other end now. How resyncs and commands change it is in `resync-source.ts`,
 * `resync-target.ts` and `pair-commands.ts`.
 */
export class Pair extends Tap {
  readonly entry: PairEntry;
  readonly volume: Volume;
  readonly pending: PendingTracks;
  readonly lag = new Lag();
  /** Over the link, since the start. */
  readonly traffic = new ByteCount();
  readonly intents: IntentStore;
  readonly runtime: Runtime;
  readonly #table: CopyManagementTable;
  /** The session that carries this pair; `undefined` while there is none. */
  connection: Connection | undefined;
  /** What the other end said last in this session. */
  peerState: PairState | undefined;
  /** Host writes go to the other end. Flips only between awaits (rule 4). */
  live = false;
  /** This side is about to be overwritten: hosts stay out. */
  fenced = false;
  /** Which side of a resync this end is now. `leaving`: the pair is about to be forgotten, and nobody goes on with it. */
  phase: "idle" | "source" | "target" | "leaving" = "idle";
  progress: CopyProgress | undefined;
  /** This end is source, and has told the other end that it has everything. */
  copyDone = false;
  /** There is a split that the other end may not have carried out: settles when it has, or the session is over. */
  splitHeard: Promise<void> | undefined;
  /** Called when a change of the entry is durable: the other end should hear of it. */
  announce: () => void = () => {};
  /** What this end keeps of the volume while the pair is suspended; `undefined` if none is configured. */
  image: PairImage | undefined;
  /** How the other end is to follow the recovery that begins. */
  selfRecovery: SelfRecovery | undefined;
  /** Why the last decision was a refusal: `DIVERGED`, `NOT_CONSISTENT`; "" otherwise. */
  refusal = "";
  #transition: Promise<void> = Promise.resolve();
  #transitions = 0;
  readonly #hosts = new HostHold();
  /** Ends the hold of each reason that there is. */
  readonly #holds = new Map<Hold, () => void>();

  constructor(entry: PairEntry, volume: Volume, table: CopyManagementTable, meta: Disk, runtime: Runtime) {
    super();
    this.entry = entry;
    this.volume = volume;
    this.runtime = runtime;
    this.#table = table;
    this.pending = new PendingTracks(volume.trackCount);
    this.intents = openIntents(entry, volume, meta, this.pending);
  }

  /** What a host may do, as far as this pair is concerned. */
  override access(): Access {
    const { role, status, suspension, consistent, secondaryWritable, wish } = this.entry;
    if (!consistent) return "none";
    if (this.fenced) return "read-only";
    // The operator gave up what is here; writes made until the copy begins would go with it unasked.
    if (wish === "from-there") return "read-only";
    if (role === "primary") return "read-write";
    return status === "SPLIT" && suspension === "operator" && secondaryWritable ? "read-write" : "read-only";
  }

  override get isMixture(): boolean {
    return !this.entry.consistent;
  }

  // --- hosts wait -----------------------------------------------------------------------------

  /** Makes hosts wait until {@link release} with the same reason: who may write is being settled. */
  hold(why: Hold): void {
    if (!this.#holds.has(why)) this.#holds.set(why, this.#hosts.hold());
  }

  release(why: Hold): void {
    this.#holds.get(why)?.();
    this.#holds.delete(why);
  }

  override holding(): Promise<void> | undefined {
    return this.#hosts.holding;
  }

  // --- the data path --------------------------------------------------------------------------

  override begin(first: number, last: number): void {
    this.pending.begin(first, last);
  }

  override end(first: number, last: number, tick: number): void {
    this.pending.end(first, last, tick);
  }

  override get activeCount(): number {
    return this.pending.activeCount;
  }

  /** Makes the intent durable. @throws DiskError: the data must not be written */
  override prepare(_update: Update, first: number, last: number): Promise<void> | undefined {
    if (this.image?.covers(first, last) === true) return undefined;
    return this.intents.mark(first, last);
  }

  /**
   * What a host write must wait for before it may go on; `undefined` for nothing: room in the
   * window, or, when this side writes alone, a generation of its own that is durable.
   */
  override ready(payloadBytes: number, update: Update): Promise<unknown> | undefined {
    if (this.live) return this.#isLeft(update) ? undefined : this.connection?.outbox.room(payloadBytes);
    if (this.entry.shared) return this.fork();
    return this.#transitions > 0 ? this.#transition : undefined;
  }

  /**
   * What a host's flush must wait for before it is acknowledged. A primary that is alone promises
   * here what the other end may hold volatile and lose: that, too, is a history of its own.
   */
  override async readyToPromise(): Promise<void> {
    const { role, shared } = this.entry;
    if (!this.live && role === "primary" && shared && this.pending.count > 0) await this.fork();
    else if (this.#transitions > 0 && !this.live) await this.#transition;
  }

  /**
   * Sends an update to the other end, or marks its tracks to be copied later. Never waits.
   * @returns settles when a synchronous pair may acknowledge; `undefined` if at once
   */
  override commit(update: Update, first: number, last: number): Promise<void> | undefined {
    const { connection, pending } = this;
    if (!this.live || connection === undefined || this.#isLeft(update)) {
      pending.soil(first, last);
      this.lag.missed(this.runtime.clock.monotonicNs());
      return undefined;
    }
    const { id: pairId, mode } = this.entry;
    const { kind, offsetBytes } = update;
    const fields = { pairId, offsetBytes, ...this.#payloadOf(update) };
    if (mode === "async") {
      pending.sent(first, last, connection.outbox.send(kind, fields));
      return undefined;
    }
    const applied = new Promise<"applied" | "lost">((resolve) => {
      pending.sent(first, last, connection.outbox.send(kind, fields, resolve));
    });
    return this.#acknowledge(applied);
  }

  /**
   * The resync will carry the whole of a dirty track; to send the change as well would be to send it twice. In DUPLEX
   * it is sent all the same: what a synchronous pair acknowledges is at both ends.
   */
  #isLeft(update: Update): boolean {
    if (this.entry.status === "DUPLEX") return false;
    const { first, last } = this.volume.tracks(update.offsetBytes, lengthOf(update));
    return this.pending.allDirty(first, last);
  }

  #payloadOf(update: Update): { readonly flags: number; readonly payload: Uint8Array } {
    const flags = update.kind === "write" && update.fua ? FLAG_FUA : 0;
    const payload = update.kind === "write" ? update.data : zeroPayload(update.lengthBytes);
    const number = this.#numberOf(update);
    const numbered = number && numberedPayload(number, payload);
    return numbered === undefined ? { flags, payload } : { flags: flags | FLAG_NUMBERED, payload: numbered };
  }

  /** Only of a change after which the two ends are equal: then it is the same moment at both. */
  #numberOf(update: Update): ChangeNumber | undefined {
    const { volume, entry, selfRecovery } = this;
    const mixed = volume.resending || (volume.rewriter !== undefined && selfRecovery?.silent.includes(this) !== true);
    return mixed || entry.status !== "DUPLEX" ? undefined : volume.journal?.numberOf(update);
  }

  /** Without the other end, only a durable suspension allows an acknowledgement. */
  async #acknowledge(outcome: Promise<string>): Promise<void> {
    if ((await outcome) === "lost") await this.#transition;
  }

  /** The local disk refused a write that may have gone to the other end: nobody knows who has what. */
  override failed(first: number, last: number): void {
    this.pending.soil(first, last);
    if (this.live) this.connection?.session.fail("local disk failed");
  }

  /** Sends a flush barrier. @returns settles when a synchronous pair has it durably; `undefined` if nothing is to wait for */
  override flush(): Promise<void> | undefined {
    // The host of an asynchronous pair does not wait for the other end, but its order is kept there.
    const sequence = this.sendFlush(this.entry.mode === "async" ? 0 : FLAG_UNORDERED);
    if (sequence < 0 || this.connection === undefined || this.entry.mode === "async") return undefined;
    return this.#acknowledge(this.connection.outbox.whenDurable(sequence));
  }

  override flushBehind(): void {
    this.sendFlush();
  }

  /** Sends a flush barrier without waiting. @returns its sequence number, -1 if none went out */
  sendFlush(flags = FLAG_UNORDERED): number {
    const { connection } = this;
    if (connection === undefined || connection.session.ended || this.phase === "leaving") return -1;
    // Also when split: what went out before is still on its way to durability.
    if (!this.live && this.pending.activeCount === 0) return -1;
    return connection.outbox.send("flush", { pairId: this.entry.id, flags });
  }

  /**
   * The status stays DUPLEX (JR-4): what is brought goes out like a host's write. But until all of it is
   * there, the other end is a mixture that nobody must take over.
   */
  override rewriteBegins(): void {
    if (this.selfRecovery !== undefined && tellRecovery(this, this.selfRecovery)) return;
    // A resync that runs does not know of tracks that hold their old content still.
    if (this.phase === "source" && !this.copyDone) {
      for (const track of this.volume.displaced()) this.pending.dirty.set(track);
    } else this.#sendRewrite("rewrite-begin");
  }

  override rewriteEnds(): void {
    const told = this.selfRecovery;
    this.selfRecovery = undefined;
    if (told?.silent.includes(this) === true) return;
    // Otherwise the resync says when the other end is whole.
    this.#sendRewrite("rewrite-done");
  }

  /** Around what is one change of several volumes for the other end. @returns false if it does not hear of it */
  bracket(kind: "rewrite-begin" | "rewrite-done"): boolean {
    if (this.connection === undefined || !this.live || this.entry.status !== "DUPLEX") return false;
    this.#sendRewrite(kind);
    return true;
  }

  #sendRewrite(kind: "rewrite-begin" | "rewrite-done"): void {
    const { connection, entry } = this;
    if (connection === undefined || !this.live || (entry.status !== "DUPLEX" && !this.copyDone)) return;
    connection.outbox.send(kind, { pairId: entry.id });
    if (kind === "rewrite-done") this.sendFlush();
  }

  override get allowsExchange(): boolean {
    return true;
  }

  override prepareExchange(tracks: Bitmap): Promise<void> {
    return markExchange(this, tracks);
  }

  override exchanged(tracks: Bitmap): Promise<void> | undefined {
    return tellExchange(this, tracks);
  }

  override exchangeEnds(): void {
    endExchange(this);
  }

  override retire(): void {
    this.pending.retire(this.connection?.outbox.durable ?? -1, this.volume.flushedTick);
  }

  /** Clears marks on disk that nothing needs any more. @throws DiskError */
  override async sweep(isCold: boolean): Promise<void> {
    const all = this.pending.activeCount === 0 && (isCold || !this.isWarm);
    await this.intents.sweep(this.pending.count, all);
  }

  override get isWarm(): boolean {
    return this.intents.isWarm;
  }

  // --- transitions ----------------------------------------------------------------------------

  /**
   * Begins a history of this side's own, durable when it settles: from here on this side holds
   * writes that the other one lacks.
   */
  fork(): Promise<void> {
    this.beginHistory();
    return this.persist();
  }

  /** {@link fork} before it is durable. */
  beginHistory(): void {
    const { entry } = this;
    entry.ancestors = [entry.current, ...entry.ancestors].slice(0, ANCESTORS_MAX);
    entry.current = newGeneration(this.runtime.random);
    entry.shared = false;
    this.runtime.log.step("pair.forked", { pair: entry.name, generation: entry.current });
  }

  /** Makes the entry durable. Acknowledgements that depend on it wait. */
  persist(): Promise<void> {
    this.#transitions++;
    this.#transition = this.#table.persist().then(() => {
      this.#transitions--;
      this.announce();
    });
    return this.#transition;
  }

  /**
   * The session is over. In one step: nothing is live, what was on its way is to be copied, the
   * pair is SPLIT.
   * @param unapplied some frames may not have reached the other end
   * @param applied settles when everything that was received is applied
   */
  detach(why: Suspension, unapplied: boolean, applied: Promise<void>): void {
    const { entry } = this;
    const suspends = entry.status !== "SPLIT";
    // What was received before is still applied here: the image is of the end of it.
    const receives = entry.role === "secondary" || this.phase === "target";
    assert(this.connection !== undefined, "what is detached was on a session");
    this.lag.lost(this.connection.outbox.unappliedOf(entry.id));
    this.connection = undefined;
    this.peerState = undefined;
    this.live = false;
    this.fenced = false;
    if (this.phase !== "leaving") this.phase = "idle";
    this.copyDone = false;
    this.progress = undefined;
    this.pending.lose();
    this.#suspend(why);
    this.runtime.log.step("pair.suspended", { pair: entry.name, why: entry.suspension, pending: this.pending.count });
    // Without a generation of its own a primary could later be taken for the side that is behind. A
    // secondary never forks here: it holds no host write of its own that the primary might lack.
    const mustFork = unapplied && entry.shared && entry.role === "primary";
    this.runtime.tasks.spawn(mustFork ? this.fork() : this.persist());
    if (suspends && this.image !== undefined)
      this.runtime.tasks.spawn(this.image.suspend(receives ? applied : undefined));
  }

  /** Reads the pending bitmap and the image after a start. @throws DiskError */
  async load(): Promise<void> {
    const corruptSectors = await this.intents.load(this.pending.dirty);
    const { entry } = this;
    const wasSplit = entry.status === "SPLIT";
    this.#suspend("crash");
    if (this.image !== undefined) await this.image.load(wasSplit);
    else if (!entry.imageUnread || entry.imageTracks !== 0 || entry.rolling) await forgetImage(this);
    if (this.pending.count > 0) this.lag.missed(this.runtime.clock.monotonicNs());
    this.runtime.log.step("pair.loaded", { pair: entry.name, pending: this.pending.count, corruptSectors });
  }

  #suspend(why: Suspension): void {
    const { entry } = this;
    // A swap that was interrupted must still be known for what it is when the ends meet again.
    if (entry.status !== "SPLIT" && entry.suspension !== "swap") entry.suspension = why;
    setStatus(entry, "SPLIT");
  }

  /** Marks all tracks, durably: nothing is known of the other side. */
  async soilAll(): Promise<void> {
    this.pending.dirty.setAll();
    await this.writeIntents();
  }

  /** Makes the marks of all pending tracks durable. @throws EngineError DISK_FAILED */
  async writeIntents(): Promise<void> {
    try {
      await this.intents.writeAll();
    } catch (error) {
      throw diskFailure(error, "meta");
    }
  }
}
