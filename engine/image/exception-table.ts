import { assert } from "../assert.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import { ByteReader, ByteWriter } from "../wire/byte-codec.ts";
import { crc32c } from "../wire/crc32c.ts";

const MAGIC = 0x31435845; // "EXC1"
const HEADER_BYTES = 20;
const ENTRY_BYTES = 12;

/** Exceptions that one sector of a table holds. */
export const EXCEPTIONS_PER_SECTOR = Math.floor((SECTOR_BYTES - HEADER_BYTES) / ENTRY_BYTES);

/** One track whose old content is in the area. */
export interface Exception {
  readonly track: number;
  /** Which place of the area holds it. */
  readonly slot: number;
  /** CRC-32C of the old content. */
  readonly checksum: number;
}

/**
 * One sector of an exception table: `u32 magic, u32 moment, u32 index, u32 count`, the exceptions
 * (`u32 track, u32 slot, u32 checksum` each), zeros, and `u32 CRC-32C` of all before it.
 */
export function encodeTableSector(moment: number, index: number, exceptions: readonly Exception[]): Uint8Array {
  assert(exceptions.length <= EXCEPTIONS_PER_SECTOR, "a sector of an exception table holds so many");
  const writer = new ByteWriter(SECTOR_BYTES).u32(MAGIC).u32(moment).u32(index).u32(exceptions.length);
  for (const { track, slot, checksum } of exceptions) writer.u32(track).u32(slot).u32(checksum);
  const padded = writer.raw(new Uint8Array(SECTOR_BYTES - 4 - writer.bytes().length)).bytes();
  return new ByteWriter(SECTOR_BYTES).raw(padded).u32(crc32c(padded)).bytes();
}

/** @returns the exceptions; `undefined` unless this is the sector of that moment and index */
export function decodeTableSector(bytes: Uint8Array, moment: number, index: number): Exception[] | undefined {
  const reader = new ByteReader(bytes);
  const body = new ByteReader(reader.raw(SECTOR_BYTES - 4));
  if (reader.u32() !== crc32c(bytes.subarray(0, SECTOR_BYTES - 4))) return undefined;
  if (body.u32() !== MAGIC || body.u32() !== moment || body.u32() !== index) return undefined;
  return Array.from({ length: body.u32() }, () => ({ track: body.u32(), slot: body.u32(), checksum: body.u32() }));
}
