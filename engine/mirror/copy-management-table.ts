import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import type { Clock, Disk, Log } from "../ports/index.ts";
import { SLOT_HEADER_BYTES, type SlotFormat, TwoSlots, twoSlotsBytes } from "../volume/two-slots.ts";
import { ByteWriter } from "../wire/byte-codec.ts";
import { decodeTableEntry, encodeTableEntry, type TableEntry, tableEntryBytesMax } from "./table-entry.ts";

/** The count of starts and the count of pairs. */
const BODY_HEADER_BYTES = 10;

const FORMAT: SlotFormat<{ readonly bootCount: number; readonly entries: readonly TableEntry[] }> = {
  table: "copy management table",
  magic: 0x31544d43, // "CMT1"
  slotBytes: 16 * 1024,
  decode: (body) => ({
    bootCount: body.u64(),
    entries: Array.from({ length: body.u16() }, () => decodeTableEntry(body)),
  }),
};

/** Where pending bitmaps begin on the metadata disk. */
export const BITMAPS_OFFSET_BYTES = twoSlotsBytes(FORMAT);

/** The copy management table (BR-1): one entry a pair, durable in {@link TwoSlots}. */
export class CopyManagementTable {
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #slots: TwoSlots;
  readonly #entries: Map<string, TableEntry>;
  readonly #bootCount: number;

  private constructor(disk: Disk, log: Log, slots: TwoSlots, bootCount: number, entries: readonly TableEntry[]) {
    this.#disk = disk;
    this.#log = log;
    this.#slots = slots;
    this.#bootCount = bootCount;
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /**
   * Reads the table and counts this start, durably.
   * @throws EngineError META_CORRUPT if neither slot can be believed: an unreadable table is never taken for an empty one
   * @throws EngineError META_TOO_SMALL
   */
  static async load(disk: Disk, clock: Clock, log: Log): Promise<CopyManagementTable> {
    if (disk.sizeBytes < BITMAPS_OFFSET_BYTES)
      throw new EngineError("META_TOO_SMALL", { neededBytes: BITMAPS_OFFSET_BYTES, sizeBytes: disk.sizeBytes });
    const { slots, content } = await TwoSlots.load(FORMAT, { disk, clock, log, failedStep: "cmt.write.failed" });
    const table = new CopyManagementTable(disk, log, slots, (content?.bootCount ?? 0) + 1, content?.entries ?? []);
    await table.persist();
    if (content === undefined) await table.persist();
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
    let neededBytes = SLOT_HEADER_BYTES + BODY_HEADER_BYTES + tableEntryBytesMax(entry);
    for (const other of this.#entries.values()) neededBytes += tableEntryBytesMax(other);
    if (neededBytes > FORMAT.slotBytes)
      throw new EngineError("TABLE_FULL", { pairs: this.#entries.size, neededBytes, sizeBytes: FORMAT.slotBytes });
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
  persist(): Promise<void> {
    return this.#slots.persist(
      () => this.#encode(),
      () => this.#log.step("cmt.persisted", { sequence: this.#slots.sequence, pairs: this.#entries.size }),
    );
  }

  #encode(): Uint8Array {
    const body = new ByteWriter(1024).u64(this.#bootCount).u16(this.#entries.size);
    for (const entry of this.#entries.values()) encodeTableEntry(body, entry);
    return body.bytes();
  }
}
