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
import { takeWhole } from "../volume/take-whole.ts";
import { COPY_BYTES_MAX, tracksAtOnce } from "../volume/track-copy.ts";

/** Copied without a proof that what was copied before is durable; as much again may be on its way to be. */
const STRETCH_BYTES_MAX = 16 * 1024 * 1024;
/** Read and sent at once. */
const LONG_COPY_BYTES_MAX = 256 * 1024;
/** So many of these are under way at once: the disk reads the next ones while those before wait for room. */
const COPIES_AT_ONCE = 4;

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
  // DUPLEX: the split that the request follows is still in the queue here, behind the data before it.
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
    // Hosts wait for a copy of their tracks: large ones only once the link has shown that it is fast.
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
  const { entry, pending, volume, progress } = pair;
  const offsetBytes = first * volume.trackBytes;
  const endBytes = Math.min((last + 1) * volume.trackBytes, volume.sizeBytes);
  // Host writes to these tracks wait, so none can overtake the copy or be overtaken by it.
  const release = await takeWhole(volume, first, last);
  try {
    const { outbox } = connection;
    const tick = volume.tick;
    const memory = frameMemory.take(endBytes - offsetBytes);
    const data = payloadIn(memory, endBytes - offsetBytes);
    await readInto(volume.disk, offsetBytes, data);
    // Zeros go as what they are: explicitly, because the target need not hold zeros there.
    const zeros = isZero(data) ? zeroPayload(data.length) : undefined;
    if (zeros !== undefined) frameMemory.giveBack(memory);
    const payload = zeros ?? data;
    let room = outbox.room(payload.length);
    while (room !== undefined && (await room)) room = outbox.room(payload.length);
    if (room !== undefined || pair.connection !== connection) return;
    const fields = { pairId: entry.id, offsetBytes, payload };
    const sequence =
      zeros === undefined ? outbox.send("resync", fields, undefined, memory) : outbox.send("zero", fields);
    pending.copied(first, last, sequence, tick);
    volume.scheduleCheckpoint();
    if (progress !== undefined) progress.done += last - first + 1;
    pair.runtime.log.step("resync.copied", { pair: entry.name, track: first, tracks: last - first + 1 });
  } finally {
    release();
  }
}
