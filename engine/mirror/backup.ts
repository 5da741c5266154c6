import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { ByteReader, ByteWriter } from "../wire/byte-codec.ts";
import type { Connection } from "./connection.ts";
import type { LocalPair } from "./local-pair.ts";
import { splitMirrors } from "./local-split.ts";
import type { Pair } from "./pair.ts";

/**
 * What a `backup` frame says (Fig. 4, step 430). It is ordered: what was written before it is applied
 * before the mirrors are split (step 410), and what follows waits behind it and is pending (step 420). So
 * the backup is what all primaries of the link held when it was sent, and no pair leaves DUPLEX.
 */
export interface BackupOrder {
  /** The answer, a `result` frame, has the same. */
  readonly number: number;
  readonly pairIds: readonly number[];
  /** Names of local mirrors at the other end. */
  readonly mirrors: readonly string[];
}

export function encodeBackup({ number, pairIds, mirrors }: BackupOrder): Uint8Array {
  const writer = new ByteWriter(128).u32(number).u16(pairIds.length);
  for (const id of pairIds) writer.u32(id);
  writer.u16(mirrors.length);
  for (const name of mirrors) writer.text(name);
  return writer.bytes();
}

/** @throws CodecError */
export function decodeBackup(payload: Uint8Array): BackupOrder {
  const reader = new ByteReader(payload);
  const number = reader.u32();
  const pairIds = Array.from({ length: reader.u16() }, () => reader.u32());
  const mirrors = Array.from({ length: reader.u16() }, () => reader.text());
  reader.end();
  return { number, pairIds, mirrors };
}

/**
 * The one session of the pairs of a backup, given at their primary.
 * @throws EngineError NOT_ONE_LINK, WRONG_ROLE, NOT_DUPLEX, RESTORE_RUNS
 */
export function backupConnection(pairs: readonly [Pair, ...Pair[]]): Connection {
  const command = "backup";
  const [{ connection, entry: first }] = pairs;
  for (const { entry, live, volume } of pairs) {
    volume.requireWhole(command);
    const { name: pair, role, link, status, suspension } = entry;
    if (link !== first.link) throw new EngineError("NOT_ONE_LINK", { pair, link, other: first.link });
    if (role !== "primary") throw new EngineError("WRONG_ROLE", { pair, command, role });
    if (status !== "DUPLEX" || !live) throw new EngineError("NOT_DUPLEX", { pair, command, status, suspension });
  }
  assert(connection !== undefined, "a pair that is live is on a session");
  return connection;
}

/**
 * The other end's half (steps 440 to 460); everything before is applied and flushed.
 * @throws EngineError NOT_FED, and as {@link splitMirrors}: no mirror is split
 */
export async function completeBackup(fed: readonly Pair[], mirrors: readonly LocalPair[]): Promise<void> {
  for (const { entry, volume } of mirrors)
    if (!fed.some((pair) => pair.volume === volume))
      throw new EngineError("NOT_FED", { mirror: entry.name, volume: volume.name });
  await splitMirrors(mirrors, false, "backup");
}
