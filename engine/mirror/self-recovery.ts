import { assert } from "../assert.ts";
import { DiskError } from "../ports/index.ts";
import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { Tap } from "../volume/tap.ts";
import type { ChangeNumber } from "../volume/update.ts";
import { ByteWriter } from "../wire/byte-codec.ts";
import { FLAG_NUMBERED, numberedPayload, readNumbered } from "../wire/change-number.ts";
import type { Frame } from "../wire/frame.ts";
import type { Connection } from "./connection.ts";
import type { Pair } from "./pair.ts";

/** The other end recovers by its own journal and base (JR-5): only the word of it crosses the link. */
export interface SelfRecovery {
  /** The moment, as both ends call it. */
  readonly number: ChangeNumber;
  /** How the other end is to do it, if it can. */
  readonly method: "apply" | "swap";
  /** Those that differ. */
  readonly tracks: Bitmap;
  /** Taps that need not hear of what is brought here: the pair, once the frame is out. */
  readonly silent: Tap[];
}

/**
 * At the moment of a recovery, in its place in the stream: tells the other end, if the ends are equal. Until it
 * has done so durably the tracks that differ are pending.
 * @returns false if the other end must get what is brought
 */
export function tellRecovery(pair: Pair, told: SelfRecovery): boolean {
  const { connection, entry, pending, volume, runtime } = pair;
  const { tracks, number, method } = told;
  if (connection === undefined || !pair.live || entry.status !== "DUPLEX") return false;
  const payload = numberedPayload(number, new ByteWriter(1).bool(method === "swap").bytes());
  assert(payload !== undefined, "a number and a byte fit into a frame");
  pending.tell(tracks.indices());
  const sequence = connection.outbox.send("recover", { pairId: entry.id, flags: FLAG_NUMBERED, payload });
  pending.told(sequence, volume.tick);
  told.silent.push(pair);
  volume.scheduleCheckpoint();
  runtime.log.step("pair.recover.sent", { pair: entry.name, lsn: number.lsn, tracks: tracks.count });
  return true;
}

/** The other end went back to a moment; so does this one, by itself. Durable when it settles. @throws CodecError, DiskError */
export async function completeRecovery(pair: Pair, frame: Frame, connection: Connection): Promise<void> {
  const { number, rest } = readNumbered(frame.payload);
  const { volume, runtime, entry } = pair;
  try {
    if (volume.journal === undefined) throw new EngineError("JOURNAL_UNKNOWN", { volume: volume.name });
    await volume.journal.recoverAsTold(number, rest[0] === 1 ? "swap" : "apply", pair);
  } catch (error) {
    const { code } = handled(error, EngineError);
    // The other end asked before; what it then counts as pending comes with the next session.
    runtime.log.step("pair.recover.failed", { pair: entry.name, code });
    connection.session.fail("recover failed");
    throw new DiskError("EIO", 0, 0);
  }
}
