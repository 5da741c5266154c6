import { assert } from "../assert.ts";
import { handled } from "../handled.ts";
import { DiskError, SECTOR_BYTES } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { applyRow } from "../volume/apply-row.ts";
import { lengthOf, type Update, type WriteUpdate } from "../volume/update.ts";
import type { Volume } from "../volume/volume.ts";
import { FLAG_NUMBERED, readNumbered } from "../wire/change-number.ts";
import { ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { readZeroPayload } from "../wire/zero-range.ts";
import { frameMemory } from "../wire/frame-memory.ts";
import { FLAG_FUA, FLAG_UNORDERED, type Frame, PAYLOAD_BYTES_MAX } from "../wire/frame.ts";
import type { Connection } from "./connection.ts";
import { ackPayload, WINDOW_BYTES } from "./outbox.ts";
import type { Pair } from "./pair.ts";
import { completeSplit, completeSwap, FLAG_SECONDARY_WRITABLE } from "./pair-commands.ts";
import { beginCopy, completeCopy } from "./resync-target.ts";
import { completeRecovery } from "./self-recovery.ts";
import { beginRewrite, completeRewrite } from "./rewrite-target.ts";

/** A peer that keeps to the window never has more waiting here. */
const QUEUE_BYTES_MAX = WINDOW_BYTES + 2 * PAYLOAD_BYTES_MAX;
/** Frames applied before an acknowledgement goes out although more wait. */
const ACK_EVERY = 16;
/** Bytes of such frames: with a part of the window free, the sender goes on while this side is at the rest. */
const ACK_BYTES = WINDOW_BYTES / 4;
/** Frames that are applied in one row. */
const ROW_MAX = 32;

/** Splits the local mirrors that a `backup` frame names, durably, and answers. @throws CodecError */
export type OnBackup = (connection: Connection, frame: Frame) => Promise<void>;

interface Queued {
  readonly frame: Frame;
  readonly pair: Pair;
  readonly connection: Connection;
}

/**
 * Applies what the other end sends, strictly in order and one at a time, over all pairs of a link:
 * so at any moment, and after any cut, this side holds a prefix of the other's writes (invariant
 * X). Outlives sessions: what was received whole is applied, then the next session may begin.
 */
export class Applier {
  readonly #runtime: Runtime;
  readonly #onBackup: OnBackup;
  readonly #queue: Queued[] = [];
  /** Volumes with volatile data of these frames. */
  readonly #touched = new Set<Volume>();
  #queuedBytes = 0;
  #running = false;
  /** While what was applied is made durable. */
  #flushing: Promise<void> | undefined;
  /** The latest barrier that waits for that. */
  #flushWanted: Queued | undefined;
  #applied = -1;
  #unacknowledged = 0;
  #unacknowledgedBytes = 0;
  #durable = -1;
  #idle: Promise<void> = Promise.resolve();

  constructor(runtime: Runtime, onBackup: OnBackup) {
    this.#runtime = runtime;
    this.#onBackup = onBackup;
  }

  /** Settles when nothing is being applied or waits, or is made durable because a barrier asked for it. */
  async idle(): Promise<void> {
    await this.#idle;
    await this.#flushing;
  }

  /** Forgets the acknowledgements of the last session. Only when idle. */
  reset(): void {
    this.#applied = -1;
    this.#durable = -1;
    this.#unacknowledged = 0;
    this.#unacknowledgedBytes = 0;
  }

  /** @throws CodecError if the peer does not keep to the window */
  push(connection: Connection, pair: Pair, frame: Frame): void {
    this.#queuedBytes += frame.payload.length;
    if (this.#queuedBytes > QUEUE_BYTES_MAX)
      throw new CodecError(`expected at most ${QUEUE_BYTES_MAX} bytes to apply, found ${this.#queuedBytes}`);
    this.#queue.push({ frame, pair, connection });
    if (this.#running) return;
    this.#running = true;
    this.#idle = this.#drain();
    this.#runtime.tasks.spawn(this.#idle);
  }

  async #drain(): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      try {
        if ((await this.#applyRow()) === 0) await this.#applyNext();
      } catch (error) {
        this.#refuse(next, handled(error, CodecError, DiskError));
        break;
      }
      if (this.#queue.length === 0 || this.#isMuch) this.tell(next.connection);
    }
    this.#running = false;
  }

  /** The sender need not wait until this side has nothing left to do. */
  get #isMuch(): boolean {
    return this.#unacknowledged >= ACK_EVERY || this.#unacknowledgedBytes >= ACK_BYTES;
  }

  /** Tells the other end how far this one is. */
  tell({ session }: Connection): void {
    this.#unacknowledged = 0;
    this.#unacknowledgedBytes = 0;
    if (!session.ended) session.send("ack", { payload: ackPayload(this.#applied, this.#durable) });
  }

  /** The frames at the head of the queue are applied. */
  #shift(count: number): void {
    for (const { frame, connection } of this.#queue.splice(0, count)) {
      this.#queuedBytes -= frame.payload.length;
      this.#unacknowledgedBytes += frame.payload.length;
      this.#applied = frame.sequence;
      connection.session.giveBack(1);
      if (frame.memory !== undefined) frameMemory.giveBack(frame.memory);
    }
    this.#unacknowledged += count;
  }

  /** @throws DiskError, CodecError */
  async #applyNext(): Promise<void> {
    const [next] = this.#queue;
    assert(next !== undefined, "there is something to apply");
    if ((await this.#apply(next)) === true) this.#durable = next.frame.sequence;
    this.#shift(1);
  }

  /**
   * Applies the writes at the head of the queue at once, those of one pair: as one by one, in their order, but without
   * a wait for each. @returns how many; 0 if the head is to be looked at by itself. @throws DiskError
   */
  async #applyRow(): Promise<number> {
    const [head] = this.#queue;
    if (head === undefined || this.#queue.length === 1) return 0;
    const { pair } = head;
    const updates: WriteUpdate[] = [];
    for (const queued of this.#queue) {
      const update = queued.pair === pair && updates.length < ROW_MAX ? rowUpdateOf(queued) : undefined;
      if (update === undefined) break;
      updates.push(update);
    }
    if (updates.length < 2) return 0;
    const count = await this.#touching(pair.volume, applyRow(pair.volume, updates, pair));
    this.#shift(count);
    return count;
  }

  #refuse({ pair, connection }: Queued, error: CodecError | DiskError): void {
    const { session } = connection;
    // Nothing after it may be applied.
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    if (error instanceof CodecError) return session.end(`protocol: ${error.message}`);
    this.#runtime.log.step("apply.failed", { pair: pair.entry.name, code: error.code });
    if (session.ended) return;
    session.send("nack", { pairId: pair.entry.id, payload: new ByteWriter().text(error.code).bytes() });
    session.fail("apply failed");
  }

  /** @returns true if everything up to this frame is durable now. @throws DiskError, CodecError */
  #apply(queued: Queued): Promise<boolean | void> {
    const { frame, pair } = queued;
    if (frame.kind !== "write" && frame.kind !== "resync" && frame.kind !== "zero") return this.#follow(queued);
    const update = updateOf(frame);
    checkRange(pair, frame.offsetBytes, lengthOf(update));
    return this.#touching(pair.volume, pair.volume.apply(update, pair));
  }

  /** Of no use before: a flush does not speak for what is under way. */
  async #touching<T>(volume: Volume, change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      this.#touched.add(volume);
    }
  }

  /** Takes a step of the other end that is no change of data. */
  async #follow(queued: Queued): Promise<boolean> {
    const { frame, pair, connection } = queued;
    switch (frame.kind) {
      case "recover":
        await this.#flush();
        await completeRecovery(pair, frame, connection);
        return true;
      case "copy-begin":
        await beginCopy(pair, frame, connection);
        return false;
      case "flush":
        if ((frame.flags & FLAG_UNORDERED) !== 0) {
          this.#flushBehind(queued);
          return false;
        }
        await this.#flush();
        return true;
      case "copy-done":
        await this.#flush();
        await completeCopy(pair, frame, connection);
        return true;
      case "split":
        await this.#flush();
        await completeSplit(pair, (frame.flags & FLAG_SECONDARY_WRITABLE) !== 0);
        return true;
      case "swap":
        await this.#flush();
        await completeSwap(pair, connection);
        return true;
      case "rewrite-begin":
        await beginRewrite(pair);
        return false;
      case "rewrite-done":
        await this.#flush();
        await completeRewrite(pair);
        return true;
      default:
        assert(frame.kind === "backup", `frame kind ${frame.kind} is not ordered`);
        await this.#flush();
        await this.#onBackup(connection, frame);
        return true;
    }
  }

  /**
   * Everything before this frame is applied: when it is durable, the other end hears of it. What comes behind is applied
   * meanwhile. While one flush runs, those that follow share the next.
   */
  #flushBehind(queued: Queued): void {
    this.#flushWanted = queued;
    if (this.#flushing !== undefined) return;
    this.#flushing = this.#flushWhileWanted();
    this.#runtime.tasks.spawn(this.#flushing);
  }

  async #flushWhileWanted(): Promise<void> {
    for (let wanted = this.#flushWanted; wanted !== undefined; wanted = this.#flushWanted) {
      this.#flushWanted = undefined;
      const { frame, connection } = wanted;
      try {
        await this.#flushTouched();
      } catch (error) {
        this.#flushWanted = undefined;
        this.#refuse(wanted, handled(error, DiskError));
        break;
      }
      this.#durable = Math.max(this.#durable, frame.sequence);
      this.#applied = Math.max(this.#applied, frame.sequence);
      this.tell(connection);
    }
    this.#flushing = undefined;
  }

  /** Settles when all that was applied is durable. @throws DiskError */
  async #flush(): Promise<void> {
    // What it flushes counts as flushed from its beginning.
    await this.#flushing;
    await this.#flushTouched();
  }

  /** An acknowledgement speaks for every pair of the link, so a flush reaches every disk that was written. */
  async #flushTouched(): Promise<void> {
    // What is applied meanwhile is not spoken for: it waits for the next flush.
    for (const volume of [...this.#touched]) {
      this.#touched.delete(volume);
      try {
        await volume.disk.flush();
      } catch (error) {
        this.#touched.add(volume);
        throw error;
      }
    }
  }
}

/** What a frame changes, if it may be applied in a row with others; else it is looked at by itself. */
function rowUpdateOf({ frame, pair }: Queued): WriteUpdate | undefined {
  if ((frame.kind !== "write" && frame.kind !== "resync") || (frame.flags & FLAG_FUA) !== 0) return undefined;
  try {
    const update = writeOf(frame);
    checkRange(pair, frame.offsetBytes, lengthOf(update));
    return update;
  } catch (error) {
    // It is refused when its turn comes.
    handled(error, CodecError);
    return undefined;
  }
}

/** @throws CodecError */
function updateOf(frame: Frame): Update {
  if (frame.kind !== "zero") return writeOf(frame);
  const { numbered, rest } = numberOf(frame);
  return { kind: "zero", offsetBytes: frame.offsetBytes, lengthBytes: readZeroPayload(rest), ...numbered };
}

/** @throws CodecError */
function writeOf(frame: Frame): WriteUpdate {
  const { numbered, rest } = numberOf(frame);
  return {
    kind: "write",
    offsetBytes: frame.offsetBytes,
    data: rest,
    fua: (frame.flags & FLAG_FUA) !== 0,
    ...numbered,
  };
}

/** @throws CodecError */
function numberOf({ flags, payload }: Frame): { readonly numbered: Pick<Update, "number">; readonly rest: Uint8Array } {
  if ((flags & FLAG_NUMBERED) === 0) return { numbered: {}, rest: payload };
  const { number, rest } = readNumbered(payload);
  return { numbered: { number }, rest };
}

function checkRange(pair: Pair, offsetBytes: number, lengthBytes: number): void {
  if (lengthBytes <= 0 || offsetBytes + lengthBytes > pair.volume.sizeBytes)
    throw new CodecError(`range ${offsetBytes}+${lengthBytes} is outside of volume ${pair.volume.name}`);
  if (offsetBytes % SECTOR_BYTES !== 0 || lengthBytes % SECTOR_BYTES !== 0)
    throw new CodecError(`range ${offsetBytes}+${lengthBytes} is not aligned to sectors of ${SECTOR_BYTES} bytes`);
}
