import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import type { Frame } from "../wire/frame.ts";
import type { FrameFields } from "../wire/session.ts";
import type { Connection } from "./connection.ts";
import type { Generation } from "./generation.ts";
import type { Pair } from "./pair.ts";
import { decodePairState, encodePairState } from "./pair-entry.ts";
import { setStatus } from "./pair-status.ts";
import type { ResyncRequest } from "./resync-source.ts";

/** A bitmap goes in pieces, so that a volume of any size fits into frames. */
const BITMAP_PIECE_BYTES = 256 * 1024;
/** On the last piece of a bitmap. */
const FLAG_LAST = 2;

/**
 * Asks the other end to overwrite this one. Hosts are kept out from the first moment on; writes
 * under way end before this side says what it holds.
 */
export async function requestResync(pair: Pair, connection: Connection): Promise<void> {
  const { entry, volume } = pair;
  pair.phase = "target";
  pair.fenced = true;
  if (entry.role === "primary" && pair.peerState?.role === "primary") {
    // The other end took over and its history contains this one's.
    entry.role = "secondary";
    // What it said of the other end as the primary is not said of this one.
    entry.secondaryWritable = false;
    pair.runtime.log.step("pair.demoted", { pair: entry.name });
    await pair.persist();
  }
  pair.release("start");
  const release = await volume.locks.drain();
  release();
  try {
    await pair.image?.revise();
  } catch (error) {
    handled(error, EngineError);
    connection.session.fail("metadata write failed");
  }
  if (pair.connection !== connection) return;
  for (const fields of requestPieces({ state: entry, bitmap: pendingBytes(pair) }))
    connection.session.send("resync-request", { pairId: entry.id, ...fields });
  pair.runtime.log.step("resync.requested", { pair: entry.name, pending: pair.pending.count });
}

function pendingBytes(pair: Pair): Uint8Array {
  const bytes = pair.pending.dirty.toBytes();
  // Tracks that were on their way to the other end are as unknown as dirty ones.
  for (let track = 0; track < pair.volume.trackCount; track++) if (pair.pending.has(track)) mark(bytes, track);
  // What a restore has not brought here yet, it brings after this request.
  for (const track of pair.volume.displaced()) mark(bytes, track);
  return bytes;
}

function mark(bytes: Uint8Array, track: number): void {
  bytes[track >>> 3] = (bytes[track >>> 3] as number) | (1 << (track & 7));
}

/** A request as the frames that it goes in, whole with the last one. */
export function* requestPieces(
  { state, bitmap }: ResyncRequest,
  pieceBytes = BITMAP_PIECE_BYTES,
): Generator<Required<Pick<FrameFields, "offsetBytes" | "flags" | "payload">>> {
  const writer = new ByteWriter(256);
  encodePairState(writer, state);
  const head = writer.bytes();
  for (let offsetBytes = 0; offsetBytes < bitmap.length; offsetBytes += pieceBytes) {
    const piece = bitmap.subarray(offsetBytes, offsetBytes + pieceBytes);
    const payload = new ByteWriter(head.length + 2 + piece.length).u16(head.length).raw(head).raw(piece).bytes();
    const isLast = offsetBytes + pieceBytes >= bitmap.length;
    yield { offsetBytes, flags: isLast ? FLAG_LAST : 0, payload };
  }
}

/** Puts the pieces of a request together. */
export class ResyncRequestReader {
  readonly #bitmap: Uint8Array;
  #receivedBytes = 0;

  constructor(trackCount: number) {
    this.#bitmap = new Uint8Array(Math.ceil(trackCount / 8));
  }

  /**
   * @returns the request once complete
   * @throws CodecError on a gap or another length: a track that nobody spoke of must not pass for clean
   */
  take(frame: Frame): ResyncRequest | undefined {
    const reader = new ByteReader(frame.payload);
    const head = new ByteReader(reader.raw(reader.u16()));
    const state = decodePairState(head);
    head.end();
    const piece = reader.rest();
    const endBytes = frame.offsetBytes + piece.length;
    const last = (frame.flags & FLAG_LAST) !== 0;
    if (
      frame.offsetBytes !== this.#receivedBytes ||
      endBytes > this.#bitmap.length ||
      (last && endBytes < this.#bitmap.length)
    )
      throw new CodecError(
        `expected bytes ${this.#receivedBytes} to ${this.#bitmap.length} of a bitmap, found ${frame.offsetBytes} to ${endBytes}`,
      );
    this.#bitmap.set(piece, frame.offsetBytes);
    this.#receivedBytes = endBytes;
    return last ? { state, bitmap: this.#bitmap } : undefined;
  }
}

/** The source begins: until `copy-done` this side is no moment of any history. */
export async function beginCopy(pair: Pair, frame: Frame, connection: Connection): Promise<void> {
  const reader = new ByteReader(frame.payload);
  const generation = reader.text() as Generation;
  const tracks = reader.u32();
  reader.end();
  const { entry } = pair;
  // Frames that were received whole are applied even when their session is over.
  if (pair.connection === connection) {
    setStatus(entry, "COPY");
    entry.suspension = "";
  }
  entry.established = true;
  entry.copyFrom = generation;
  // With nothing to copy this side stays what it is, and can still take over.
  if (tracks > 0) entry.consistent = false;
  await pair.persist();
}

/** The source has sent everything. The caller has made it durable: only then it is believed (rule 3). */
export async function completeCopy(pair: Pair, frame: Frame, connection: Connection): Promise<void> {
  const reader = new ByteReader(frame.payload);
  const generation = reader.text() as Generation;
  reader.end();
  const { entry, volume } = pair;
  // Before anybody hears that it is whole.
  await volume.journal?.mark(false);
  const attached = (): boolean => pair.connection === connection;
  setStatus(entry, attached() ? "DUPLEX" : "SPLIT");
  entry.suspension = attached() ? "" : "link";
  entry.consistent = true;
  entry.shared = true;
  entry.current = generation;
  entry.ancestors = [];
  entry.wish = "";
  pair.image?.void();
  pair.pending.reset();
  pair.lag.caughtUp();
  // Hosts stay out until this is durable: before, a crash here would have them overwritten.
  await pair.persist();
  if (attached()) {
    pair.fenced = false;
    pair.phase = "idle";
    pair.live = entry.role === "primary";
  }
  pair.image?.release();
  pair.runtime.log.step("pair.duplex", { pair: entry.name });
}
