import { assert } from "../assert.ts";
import { handled } from "../handled.ts";
import { DiskError, SECTOR_BYTES } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { lengthOf, type Update } from "../volume/update.ts";
import type { Volume } from "../volume/volume.ts";
import { FLAG_NUMBERED, readNumbered } from "../wire/change-number.ts";
import { ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { readZeroPayload } from "../wire/zero-range.ts";
import { FLAG_FUA, type Frame, PAYLOAD_BYTES_MAX } from "../wire/frame.ts";
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
  #durable = -1;
  #idle: Promise<void> = Promise.resolve();

  constructor(runtime: Runtime, onBackup: OnBackup) {
    this.#runtime = runtime;
    this.#onBackup = onBackup;
  }

  /** Settles when nothing is being applied or waits. */
  idle(): Promise<void> {
    return this.#idle;
  }

  /** Forgets the acknowledgements of the last session. Only when idle. */
  reset(): void {
    this.#durable = -1;
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
    let unacknowledged = 0;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { frame, connection } = next;
      this.#queuedBytes -= frame.payload.length;
      try {
        if ((await this.#apply(next)) === true) this.#durable = frame.sequence;
      } catch (error) {
        this.#refuse(next, handled(error, CodecError, DiskError));
        // Nothing after it may be applied.
        this.#queue.length = 0;
        this.#queuedBytes = 0;
        break;
      }
      unacknowledged++;
      if (connection.session.ended || (this.#queue.length > 0 && unacknowledged < ACK_EVERY)) continue;
      unacknowledged = 0;
      connection.session.send("ack", { payload: ackPayload(frame.sequence, this.#durable) });
    }
    this.#running = false;
  }

  #refuse({ pair, connection }: Queued, error: CodecError | DiskError): void {
    const { session } = connection;
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
    this.#touched.add(pair.volume);
    return pair.volume.apply(update, pair);
  }

  /** Takes a step of the other end that is no change of data. */
  async #follow({ frame, pair, connection }: Queued): Promise<boolean> {
    switch (frame.kind) {
      case "recover":
        await this.#flush();
        await completeRecovery(pair, frame, connection);
        return true;
      case "copy-begin":
        await beginCopy(pair, frame, connection);
        return false;
      case "flush":
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

  /** An acknowledgement speaks for every pair of the link, so a flush reaches every disk that was written. */
  async #flush(): Promise<void> {
    for (const volume of this.#touched) {
      await volume.disk.flush();
      this.#touched.delete(volume);
    }
  }
}

/** @throws CodecError */
function updateOf({ kind, flags, offsetBytes, payload }: Frame): Update {
  const { number, rest } = (flags & FLAG_NUMBERED) === 0 ? { number: undefined, rest: payload } : readNumbered(payload);
  const numbered = number === undefined ? {} : { number };
  if (kind === "zero") return { kind, offsetBytes, lengthBytes: readZeroPayload(rest), ...numbered };
  return { kind: "write", offsetBytes, data: rest, fua: (flags & FLAG_FUA) !== 0, ...numbered };
}

function checkRange(pair: Pair, offsetBytes: number, lengthBytes: number): void {
  if (lengthBytes <= 0 || offsetBytes + lengthBytes > pair.volume.sizeBytes)
    throw new CodecError(`range ${offsetBytes}+${lengthBytes} is outside of volume ${pair.volume.name}`);
  if (offsetBytes % SECTOR_BYTES !== 0 || lengthBytes % SECTOR_BYTES !== 0)
    throw new CodecError(`range ${offsetBytes}+${lengthBytes} is not aligned to sectors of ${SECTOR_BYTES} bytes`);
}
