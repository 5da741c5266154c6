import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { type Clock, type Disk, DiskError, type Log, NS_PER_MS, SECTOR_BYTES, sleep } from "../ports/index.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { crc32c } from "../wire/crc32c.ts";
import { isZero } from "../wire/zero-range.ts";
import { decodeTableEntry, encodeTableEntry, type TableEntry, tableEntryBytesMax } from "./table-entry.ts";

const MAGIC = 0x31544d43; // "CMT1"
const SLOT_BYTES = 16 * 1024;
const SLOTS = 2;
const HEADER_BYTES = 24;
/** The count of starts and the count of pairs. */
const BODY_HEADER_BYTES = 10;
const RETRY_NS_FIRST = NS_PER_MS;
const RETRY_NS_MAX = 1_000 * NS_PER_MS;

/** Where pending bitmaps begin on the metadata disk. */
const BITMAPS_OFFSET_BYTES = SLOTS * SLOT_BYTES;

/**
 * The copy management table (BR-1): one entry a pair, durable. The whole table is written to the
 * older of two slots, with a sequence number and a checksum, so a torn write leaves the newer one.
 */
export class CopyManagementTable {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #entries = new Map<string, TableEntry>();
  #sequence = 0;
  #bootCount = 0;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(disk: Disk, clock: Clock, log: Log) {
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Reads the table and counts this start, durably.
   * @throws EngineError META_CORRUPT if neither slot can be believed: an unreadable table is never taken for an empty one
   * @throws EngineError META_TOO_SMALL
   */
  static async load(disk: Disk, clock: Clock, log: Log): Promise<CopyManagementTable> {
    if (disk.sizeBytes < BITMAPS_OFFSET_BYTES)
      throw new EngineError("META_TOO_SMALL", { neededBytes: BITMAPS_OFFSET_BYTES, sizeBytes: disk.sizeBytes });
    const table = new CopyManagementTable(disk, clock, log);
    const slots: SlotContent[] = [];
    for (let slot = 0; slot < SLOTS; slot++) slots.push(readSlot(await disk.read(slot * SLOT_BYTES, SLOT_BYTES)));
    const valid = slots
      .filter((slot) => slot.kind === "valid")
      .toSorted((left, right) => right.sequence - left.sequence)[0];
    if (valid !== undefined) {
      table.#sequence = valid.sequence;
      table.#bootCount = valid.bootCount;
      for (const entry of valid.entries) table.#entries.set(entry.name, entry);
    } else if (!slots.some((slot) => slot.kind === "blank")) {
      // Before the first start has returned both slots are written; so a blank one means that it never did.
      const found = slots.map((slot) => (slot.kind === "invalid" ? slot.why : slot.kind)).join("; ");
      throw new EngineError("META_CORRUPT", { place: "copy management table", found, expected: "one valid slot" });
    }
    table.#bootCount++;
    await table.persist();
    if (valid === undefined) await table.persist();
    return table;
  }

  /** Starts of this system, this one included. */
  get bootCount(): number {
    return this.#bootCount;
  }

  /** All entries, in the order of their creation. Change them, then {@link persist}. */
  entries(): IterableIterator<TableEntry> {
    return this.#entries.values();
  }

  get(name: string): TableEntry | undefined {
    return this.#entries.get(name);
  }

  /** @throws EngineError TABLE_FULL if the table might outgrow its slot one day */
  add(entry: TableEntry): void {
    assert(!this.#entries.has(entry.name), `pair ${entry.name} is there already`);
    let neededBytes = HEADER_BYTES + BODY_HEADER_BYTES + tableEntryBytesMax(entry);
    for (const other of this.#entries.values()) neededBytes += tableEntryBytesMax(other);
    if (neededBytes > SLOT_BYTES)
      throw new EngineError("TABLE_FULL", { pairs: this.#entries.size, neededBytes, sizeBytes: SLOT_BYTES });
    this.#entries.set(entry.name, entry);
  }

  remove(name: string): void {
    this.#entries.delete(name);
  }

  /**
   * Room for a bitmap of `lengthBytes`, behind all others.
   * @param endsBytes where the others end; those of pairs that are being made have no entry yet
   * @throws EngineError META_TOO_SMALL
   */
  allocateBitmap(lengthBytes: number, endsBytes: readonly number[]): number {
    const offsetBytes = Math.max(BITMAPS_OFFSET_BYTES, ...endsBytes);
    if (offsetBytes + lengthBytes > this.#disk.sizeBytes)
      throw new EngineError("META_TOO_SMALL", {
        neededBytes: offsetBytes + lengthBytes,
        sizeBytes: this.#disk.sizeBytes,
      });
    return offsetBytes;
  }

  /**
   * Settles when the table as it is now is durable. Calls made during a write share the next one.
   * While the device fails it tries again: nothing that needs the new state is acknowledged.
   */
  async persist(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#write();
      return this.#writing;
    }
    // The write that runs may have taken its copy before the caller's change.
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      this.#writing = this.#write();
      return this.#writing;
    });
    return this.#next;
  }

  async #write(): Promise<void> {
    const bytes = this.#encode();
    const slot = this.#sequence % SLOTS;
    for (let delayNs = RETRY_NS_FIRST; ; delayNs = Math.min(delayNs * 2, RETRY_NS_MAX)) {
      try {
        await this.#disk.write(slot * SLOT_BYTES, bytes, { fua: true });
        break;
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        this.#log.step("cmt.write.failed", { code: error.code, retryMs: delayNs / NS_PER_MS });
        await sleep(this.#clock, delayNs);
      }
    }
    this.#log.step("cmt.persisted", { sequence: this.#sequence, pairs: this.#entries.size });
    if (this.#next === undefined) this.#writing = undefined;
  }

  #encode(): Uint8Array {
    this.#sequence++;
    const body = new ByteWriter(1024).u64(this.#bootCount).u16(this.#entries.size);
    for (const entry of this.#entries.values()) encodeTableEntry(body, entry);
    const payload = body.bytes();
    assert(HEADER_BYTES + payload.length <= SLOT_BYTES, `the table needs ${payload.length} bytes of ${SLOT_BYTES}`);
    const head = new ByteWriter(HEADER_BYTES).u32(MAGIC).u64(this.#sequence).u32(payload.length).u32(0).bytes();
    const writer = new ByteWriter(1024).raw(head).u32(crc32c(head, payload)).raw(payload);
    const padding = -writer.bytes().length & (SECTOR_BYTES - 1);
    return writer.raw(new Uint8Array(padding)).bytes();
  }
}

type SlotContent =
  | { readonly kind: "blank" }
  | { readonly kind: "invalid"; readonly why: string }
  | {
      readonly kind: "valid";
      readonly sequence: number;
      readonly bootCount: number;
      readonly entries: readonly TableEntry[];
    };

function readSlot(bytes: Uint8Array): SlotContent {
  if (isZero(bytes)) return { kind: "blank" };
  try {
    const reader = new ByteReader(bytes);
    const magic = reader.u32();
    if (magic !== MAGIC) throw new CodecError(`magic ${magic.toString(16)}`);
    const sequence = reader.u64();
    const payloadBytes = reader.u32();
    reader.u32();
    const expected = reader.u32();
    const payload = reader.raw(payloadBytes);
    const found = crc32c(bytes.subarray(0, HEADER_BYTES - 4), payload);
    if (found !== expected) throw new CodecError(`checksum ${found.toString(16)} instead of ${expected.toString(16)}`);
    const body = new ByteReader(payload);
    const bootCount = body.u64();
    const entries = Array.from({ length: body.u16() }, () => decodeTableEntry(body));
    body.end();
    return { kind: "valid", sequence, bootCount, entries };
  } catch (error) {
    if (error instanceof CodecError) return { kind: "invalid", why: error.message };
    throw error;
  }
}
