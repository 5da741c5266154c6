import { handled } from "../handled.ts";
import { DiskError, readInto } from "../ports/index.ts";
import { ByteWriter } from "../wire/byte-codec.ts";
import { decideResync } from "./decide-resync.ts";
import type { Connection } from "./connection.ts";
import { WINDOW_BYTES } from "./outbox.ts";
import { frameMemory, payloadIn } from "../wire/frame-memory.ts";
import { isZero, zeroPayload } from "../wire/zero-range.ts";
import type { Pair } from "./pair.ts";
import type { PairState } from "./pair-entry.ts";
import { setStatus } from "./pair-status.ts";
import type { Watch } from "../volume/range-lock.ts";
import { takeWhole } from "../volume/take-whole.ts";
import { COPY_BYTES_MAX, tracksAtOnce } from "../volume/track-copy.ts";

/** Copied without a proof that what was copied before is durable; as much again may be on its way to be. */
const STRETCH_BYTES_MAX = 16 * 1024 * 1024;
/** Read and sent at once: two of them fit the window, so one is on its way while the other is applied. */
const LONG_COPY_BYTES_MAX = 448 * 1024;
/** So many of these are under way at once: the disk reads the next ones while those before wait for room. */
const COPIES_AT_ONCE = 4;

const NO_BYTES = new Uint8Array(0);

/** What the side to be overwritten asks with. */
export interface ResyncRequest {
  readonly state: PairState;
  /** Its own pending tracks: the union of both bitmaps is copied (LS-5). */
  readonly bitmap: Uint8Array;
}

/**
 * Overwrites the other end until both are equal (LS-5, BR-2: SPLIT → COPY → DUPLEX). Host writes
 * go on: to a track still to be copied they stay local, to any other they go out at once.
 * Returns early whenever the session ends; everything not proven durable is then pending.
 */
export async function runResyncSource(pair: Pair, connection: Connection, request: ResyncRequest): Promise<void> {
  const { entry, pending } = pair;
  const ended = (): boolean => pair.connection !== connection;
  const decision = decideResync(entry, request.state);
  // DUPLEX: an end that keeps to the order of commands does not ask before this one is split.
  if (decision.action !== "source" || pair.phase !== "idle" || entry.status === "DUPLEX") {
    const code = decision.action === "refused" ? decision.code : "NOT_READY";
    connection.session.send("pair-refused", { pairId: entry.id, payload: new ByteWriter().text(code).bytes() });
    return;
  }
  pair.phase = "source";
  pair.live = false;
  await pair.image?.settled();
  if (ended()) return;
  await pair.image?.mergeTracked();
  if (ended()) return;
  if (decision.full || !entry.established) pending.dirty.setAll();
  pending.dirty.mergeBytes(0, request.bitmap);
  // What a restore has not brought back yet differs as much as what it has.
  for (const track of pair.volume.displaced()) pending.dirty.set(track);
  setStatus(entry, "COPY");
  entry.suspension = "";
  entry.established = true;
  // Both gave way to the other, each on a word of the operator: the side that is kept is the primary.
  if (request.state.role === "secondary") entry.role = "primary";
  // The target has just said what it holds, so no other history can come back: without this, a long
  // row of interrupted resyncs would push the one that matters out of the list.
  const { current, copyFrom, ancestors } = request.state;
  entry.ancestors = entry.ancestors.filter(
    (known) => known === current || known === copyFrom || ancestors.includes(known),
  );
  await pair.writeIntents();
  await pair.persist();
  if (ended()) return;
  const total = pending.dirty.count;
  const progress = { done: 0, total };
  pair.progress = progress;
  connection.outbox.send("copy-begin", {
    pairId: entry.id,
    payload: new ByteWriter(32).text(entry.current).u32(total).bytes(),
  });
  pair.live = true;
  pair.release("start");
  pair.runtime.log.step("resync.begin", { pair: entry.name, tracks: total, full: decision.full });
  do {
    await copyDirty(pair, connection);
    if (ended()) return;
    // From the moment that the other end may believe itself equal, writing alone needs a new generation.
    if (!entry.shared) {
      entry.shared = true;
      await pair.persist();
      if (ended()) return;
    }
    // A restore may have begun meanwhile.
  } while (pending.dirty.count > 0);
  const sequence = connection.outbox.send("copy-done", {
    pairId: entry.id,
    payload: new ByteWriter(32).text(entry.current).bytes(),
  });
  pair.copyDone = true;
  // Later changes go out as they are made, and count as under way.
  pair.lag.caughtUp();
  pair.runtime.log.step("resync.done.sent", { pair: entry.name });
  await connection.outbox.whenDurable(sequence);
  if (ended()) return;
  setStatus(entry, "DUPLEX");
  entry.suspension = "";
  entry.wish = "";
  entry.ancestors = [];
  pair.image?.void();
  pair.progress = undefined;
  pair.phase = "idle";
  pair.copyDone = false;
  // After a resync towards the primary, the primary sends again.
  if (entry.role === "secondary") pair.live = false;
  await pair.persist();
  pair.image?.release();
  pair.runtime.log.step("pair.duplex", { pair: entry.name });
}

/** Copies until no track is dirty, or the session is over. */
export async function copyDirty(pair: Pair, connection: Connection): Promise<void> {
  const { pending, volume } = pair;
  let cursor = 0;
  let stretchBytes = COPY_BYTES_MAX;
  let stretchLeftBytes = stretchBytes;
  let before: Promise<unknown> | undefined;
  let underWay: Promise<void>[] = [];
  const allSent = async (): Promise<void> => {
    await Promise.all(underWay);
    underWay = [];
  };
  while (pair.connection === connection) {
    if (stretchLeftBytes <= 0) {
      await allSent();
      if (pair.connection !== connection) break;
      // Progress counts once it is durable over there. Short stretches first: a link that dies young
      // still gets something done each time; then longer ones, so that a long link is kept busy, and the disk there
      // works at one while the next is on its way.
      const durable = connection.outbox.whenDurable(pair.sendFlush());
      await (stretchBytes < WINDOW_BYTES ? durable : before);
      before = durable;
      stretchBytes = Math.min(stretchBytes * 2, STRETCH_BYTES_MAX);
      stretchLeftBytes = stretchBytes;
      continue;
    }
    if (underWay.length === COPIES_AT_ONCE) {
      await underWay.shift();
      continue;
    }
    let first = pending.dirty.next(cursor);
    if (first < 0) {
      // What is under way is dirty until it is sent. Tracks that were written behind the cursor are found from the start.
      await allSent();
      first = pending.dirty.next(0);
    }
    if (first < 0) break;
    // Large ones only once some is through: a link that dies young has got as much done as it could.
    const copyBytesMax = stretchBytes > WINDOW_BYTES ? LONG_COPY_BYTES_MAX : COPY_BYTES_MAX;
    const last = pending.dirty.runEnd(first, tracksAtOnce(volume.trackBytes, copyBytesMax));
    cursor = last + 1;
    stretchLeftBytes -= (last + 1 - first) * volume.trackBytes;
    underWay.push(copyTracks(pair, connection, first, last));
  }
  await allSent();
}

/** Sends these tracks, unless the session ends meanwhile. Ends it where the disk fails. */
async function copyTracks(pair: Pair, connection: Connection, first: number, last: number): Promise<void> {
  try {
    await readAndSend(pair, connection, first, last);
  } catch (error) {
    handled(error, DiskError);
    connection.session.fail("resync read failed");
  }
}

/** @throws DiskError */
async function readAndSend(pair: Pair, connection: Connection, first: number, last: number): Promise<void> {
  const { volume } = pair;
  const startBytes = first * volume.trackBytes;
  const content = new TrackContent(pair, connection, first, last);
  // No host waits for the link: whoever wants one of these tracks meanwhile has it, and what was read is not sent.
  const watch = volume.locks.watch(startBytes, startBytes + content.sizeBytes);
  if (watch !== undefined) {
    try {
      const displaced = volume.prepareRead(first, last);
      if (displaced === undefined) {
        await content.read();
        if (await content.send(watch)) return;
      } else await displaced;
    } finally {
      volume.locks.unwatch(watch);
    }
  }
  // Host writes to these tracks wait, so each is copied once at least, however often it is written.
  const release = await takeWhole(volume, first, last);
  try {
    await content.read();
    await content.send();
  } finally {
    release();
  }
}

/**
 * Neighbouring tracks as a copy sends them. From {@link read} to {@link send} nobody may have changed them: a host's
 * write must neither overtake the copy nor be overtaken by it.
 */
class TrackContent {
  readonly sizeBytes: number;
  readonly #pair: Pair;
  readonly #connection: Connection;
  readonly #first: number;
  readonly #last: number;
  #memory: Uint8Array | undefined;
  #payload: Uint8Array = NO_BYTES;
  #tick = -1;

  constructor(pair: Pair, connection: Connection, first: number, last: number) {
    this.sizeBytes = pair.volume.extent(first, last).lengthBytes;
    this.#pair = pair;
    this.#connection = connection;
    this.#first = first;
    this.#last = last;
  }

  /** From the disk, again if it was read before. @throws DiskError */
  async read(): Promise<void> {
    const { volume } = this.#pair;
    const memory = this.#memory ?? frameMemory.take(this.sizeBytes);
    // Nobody else has it until it is read: after a disk that failed it is left to the garbage collector.
    this.#memory = undefined;
    this.#tick = volume.tick;
    const data = payloadIn(memory, this.sizeBytes);
    await readInto(volume.disk, this.#first * volume.trackBytes, data);
    // Zeros go as what they are: explicitly, because the target need not hold zeros there.
    const isZeros = isZero(data);
    if (isZeros) frameMemory.giveBack(memory);
    else this.#memory = memory;
    this.#payload = isZeros ? zeroPayload(this.sizeBytes) : data;
  }

  /**
   * Sends it once there is room, in one step with the look at `watch`; not if the session is over.
   * @returns false if it was disturbed: then it must be read again
   */
  async send(watch?: Watch): Promise<boolean> {
    const { entry, pending, runtime, volume } = this.#pair;
    const { outbox } = this.#connection;
    const [first, last, memory, payload] = [this.#first, this.#last, this.#memory, this.#payload];
    let room = outbox.room(payload.length);
    while (room !== undefined && (await room)) room = outbox.room(payload.length);
    if (room !== undefined || this.#pair.connection !== this.#connection) {
      if (memory !== undefined) frameMemory.giveBack(memory);
      return true;
    }
    if (watch?.isDisturbed === true) return false;
    const fields = { pairId: entry.id, offsetBytes: first * volume.trackBytes, payload };
    const sequence =
      memory === undefined ? outbox.send("zero", fields) : outbox.send("resync", fields, undefined, memory);
    pending.copied(first, last, sequence, this.#tick);
    volume.scheduleCheckpoint();
    const { progress } = this.#pair;
    if (progress !== undefined) progress.done += last - first + 1;
    runtime.log.step("resync.copied", { pair: entry.name, track: first, tracks: last - first + 1 });
    return true;
  }
}
