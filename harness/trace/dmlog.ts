import { ChunkReader } from "./chunk-reader.ts";
import {
  DMLOG_DISCARD,
  DMLOG_ENTRY_HEADER_BYTES,
  DMLOG_FLAGS,
  DMLOG_FLUSH,
  DMLOG_FUA,
  DMLOG_MAGIC,
  DMLOG_MARK,
  DMLOG_SECTOR_BYTES,
  DMLOG_VERSION,
} from "./dmlog-format.ts";
import type { TraceEntry } from "./trace-entry.ts";
import { TraceError, type TraceErrorCode } from "./trace-error.ts";

/** More than this in one request is no device's doing; it bounds what a damaged length can allocate. */
const ENTRY_BYTES_MAX = 64 * 1024 * 1024;
const NO_DATA = new Uint8Array(0);
const COPY_AGAIN = "copy or record the trace again";

export interface DmlogOptions {
  /** How errors call the trace, e.g. its file name. */
  readonly name: string;
  /** Size of the recorded device; the format does not carry it. */
  readonly volumeBytes: number;
  /** What a catalogue promises; the log must say the same. */
  readonly entryCount?: number;
}

export interface Dmlog {
  readonly entryCount: number;
  /** To be read once, to its end or to a `break`; then the source is closed. @throws TraceError */
  readonly entries: AsyncIterable<TraceEntry>;
}

/**
 * Reads a dm-log-writes log, already decompressed. Holds one chunk and one entry at a time; every
 * entry has a buffer of its own.
 *
 * @throws TraceError TRACE_MAGIC, TRACE_VERSION, TRACE_SECTOR_SIZE, TRACE_ENTRY_COUNT, TRACE_TRUNCATED here;
 *   from `entries` TRACE_TRUNCATED, TRACE_ENTRY_COUNT, TRACE_ENTRY, TRACE_RANGE, TRACE_TRAILING.
 */
export async function readDmlog(chunks: AsyncIterable<Uint8Array>, options: DmlogOptions): Promise<Dmlog> {
  const reader = new ChunkReader(chunks);
  try {
    const entryCount = await readSuperblock(reader, options);
    return { entryCount, entries: readEntries(reader, entryCount, options) };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function readSuperblock(reader: ChunkReader, { name, entryCount: promised }: DmlogOptions): Promise<number> {
  const sector = new Uint8Array(DMLOG_SECTOR_BYTES);
  const presentBytes = await reader.fill(sector);
  const fields = new DataView(sector.buffer);
  const fail = (code: TraceErrorCode, at: string, found: string, expected: string, remedy: string): TraceError =>
    new TraceError(code, { place: `${name}, ${at}`, found, expected, remedy });
  const magic = fields.getBigUint64(0, true);
  if (presentBytes >= 8 && magic !== DMLOG_MAGIC) {
    const remedy = "give a dm-log-writes log";
    throw fail("TRACE_MAGIC", "byte 0", `magic ${hex(magic)}`, hex(DMLOG_MAGIC), remedy);
  }
  if (presentBytes < DMLOG_SECTOR_BYTES) {
    throw fail("TRACE_TRUNCATED", `superblock, byte ${presentBytes}`, "the end", "512 bytes", COPY_AGAIN);
  }
  const version = fields.getBigUint64(8, true);
  if (version !== DMLOG_VERSION) {
    const remedy = "record with dm-log-writes version 1";
    throw fail("TRACE_VERSION", "byte 8", `version ${version}`, `version ${DMLOG_VERSION}`, remedy);
  }
  const sectorBytes = fields.getUint32(24, true);
  if (sectorBytes !== DMLOG_SECTOR_BYTES) {
    const remedy = "record on a device with 512-byte logical sectors";
    throw fail("TRACE_SECTOR_SIZE", "byte 24", `sector size ${sectorBytes}`, `${DMLOG_SECTOR_BYTES}`, remedy);
  }
  const entryCount = fields.getBigUint64(16, true);
  if (entryCount > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw fail("TRACE_ENTRY_COUNT", "byte 16", `${entryCount} entries`, "fewer than 2^53", COPY_AGAIN);
  }
  if (promised !== undefined && entryCount !== BigInt(promised)) {
    const remedy = "copy the trace again or correct the catalogue";
    const expected = `${promised} as the catalogue says`;
    throw fail("TRACE_ENTRY_COUNT", "byte 16", `${entryCount} entries`, expected, remedy);
  }
  return Number(entryCount);
}

async function* readEntries(
  reader: ChunkReader,
  entryCount: number,
  options: DmlogOptions,
): AsyncGenerator<TraceEntry> {
  try {
    for (let index = 0; index < entryCount; index++) yield await readEntry(reader, index, entryCount, options);
    if (!(await reader.atEnd())) {
      throw new TraceError("TRACE_TRAILING", {
        place: `${options.name}, byte ${reader.positionBytes}`,
        found: "more bytes",
        expected: `the end after ${entryCount} entries`,
        remedy: COPY_AGAIN,
      });
    }
  } finally {
    await reader.close();
  }
}

async function readEntry(
  reader: ChunkReader,
  index: number,
  entryCount: number,
  options: DmlogOptions,
): Promise<TraceEntry> {
  const startBytes = reader.positionBytes;
  const fail = (code: TraceErrorCode, found: string, expected: string, remedy = COPY_AGAIN): TraceError => {
    const place = `${options.name}, entry ${index} of ${entryCount}, byte ${reader.positionBytes}`;
    return new TraceError(code, { place, found, expected, remedy });
  };
  const header = new Uint8Array(DMLOG_SECTOR_BYTES);
  const presentBytes = await reader.fill(header);
  if (presentBytes === 0) throw fail("TRACE_ENTRY_COUNT", `the end after ${index} entries`, `${entryCount} entries`);
  if (presentBytes < header.length) {
    throw fail("TRACE_TRUNCATED", `the end after ${presentBytes} bytes of an entry header`, `${header.length} bytes`);
  }
  const fields = new DataView(header.buffer);
  const sector = fields.getBigUint64(0, true);
  const sectorCount = fields.getBigUint64(8, true);
  const flags = fields.getBigUint64(16, true);
  const inlineBytes = fields.getBigUint64(24, true);

  if ((flags & ~BigInt(DMLOG_FLAGS)) !== 0n) throw fail("TRACE_ENTRY", `flags ${hex(flags)}`, "flags 1, 2, 4, 8, 16");
  const volumeSectors = BigInt(Math.floor(options.volumeBytes / DMLOG_SECTOR_BYTES));
  if (sector + sectorCount > volumeSectors) {
    const remedy = "give the size of the recorded volume, or copy the trace again";
    throw fail("TRACE_RANGE", `sectors ${sector} + ${sectorCount}`, `at most ${volumeSectors}`, remedy);
  }
  const flagBits = Number(flags);
  const lengthBytes = Number(sectorCount) * DMLOG_SECTOR_BYTES;
  const common = {
    index,
    offsetBytes: Number(sector) * DMLOG_SECTOR_BYTES,
    lengthBytes,
    flush: (flagBits & DMLOG_FLUSH) !== 0,
    fua: (flagBits & DMLOG_FUA) !== 0,
    discard: (flagBits & DMLOG_DISCARD) !== 0,
  };

  if ((flagBits & DMLOG_MARK) !== 0) {
    const textBytesMax = DMLOG_SECTOR_BYTES - DMLOG_ENTRY_HEADER_BYTES;
    if (lengthBytes > 0 || common.discard) throw fail("TRACE_ENTRY", "a mark with sectors", "a mark without");
    if (inlineBytes > BigInt(textBytesMax)) {
      throw fail("TRACE_ENTRY", `a mark of ${inlineBytes} bytes`, `at most ${textBytesMax}`);
    }
    const textBytes = header.subarray(DMLOG_ENTRY_HEADER_BYTES, DMLOG_ENTRY_HEADER_BYTES + Number(inlineBytes));
    return { ...common, mark: new TextDecoder().decode(textBytes), data: NO_DATA };
  }
  if (common.discard || lengthBytes === 0) return { ...common, mark: "", data: NO_DATA };

  // Recordings leave the field 0 for a plain write, or repeat the length.
  if (inlineBytes !== 0n && inlineBytes !== BigInt(lengthBytes)) {
    throw fail("TRACE_ENTRY", `data length ${inlineBytes}`, `0 or ${lengthBytes} as ${sectorCount} sectors say`);
  }
  if (lengthBytes > ENTRY_BYTES_MAX) {
    throw fail("TRACE_ENTRY", `a write of ${lengthBytes} bytes`, `at most ${ENTRY_BYTES_MAX}`);
  }
  const data = new Uint8Array(lengthBytes);
  const dataBytes = await reader.fill(data);
  if (dataBytes < lengthBytes) {
    const found = `the end after ${dataBytes} bytes of the data of the entry at byte ${startBytes}`;
    throw fail("TRACE_TRUNCATED", found, `${lengthBytes} bytes`);
  }
  return { ...common, mark: "", data };
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
