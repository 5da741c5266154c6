import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { crc32c } from "../wire/crc32c.ts";
import { isZero } from "../wire/zero-range.ts";
import { flushPersistently, type PersistentWriter, writePersistently } from "./persistent-write.ts";

const SLOTS = 2;
/** What a slot holds besides its content. */
export const SLOT_HEADER_BYTES = 24;

/** How a table lies at the head of its disk. */
export interface SlotFormat<T> {
  /** For people. */
  readonly table: string;
  readonly magic: number;
  /** Whole sectors. */
  readonly slotBytes: number;
  /** Reads one content, up to its end. @throws CodecError */
  readonly decode: (body: ByteReader) => T;
}

/** What both slots take. */
export function twoSlotsBytes({ slotBytes }: Pick<SlotFormat<unknown>, "slotBytes">): number {
  return SLOTS * slotBytes;
}

/**
 * A small table kept durable: all of it is written to the older of two slots, with a sequence number and
 * a checksum, so a torn write leaves the newer one.
 *
 * On disk: `u32 magic, u64 sequence, u32 content bytes, u32 zero, u32 CRC-32C of the rest`, then the content.
 */
export class TwoSlots {
  readonly #format: Pick<SlotFormat<unknown>, "table" | "magic" | "slotBytes">;
  readonly #writer: PersistentWriter;
  #sequence: number;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(format: SlotFormat<unknown>, writer: PersistentWriter, sequence: number) {
    this.#format = format;
    this.#writer = writer;
    this.#sequence = sequence;
  }

  /**
   * Reads the newest content; `undefined` if there never was one. Whoever writes the first content
   * writes it twice: from then on no slot is blank. Whatever else lies on the disk, and is read later, is durable by then.
   * @throws EngineError META_CORRUPT if neither slot can be believed: that is never taken for none. @throws DiskError
   */
  static async load<T>(
    format: SlotFormat<T>,
    writer: PersistentWriter,
  ): Promise<{ readonly slots: TwoSlots; readonly content: T | undefined }> {
    await flushPersistently(writer);
    const found: string[] = [];
    let newest: Content<T> | undefined;
    for (let slot = 0; slot < SLOTS; slot++) {
      const bytes = await writer.disk.read(slot * format.slotBytes, format.slotBytes);
      const content = isZero(bytes) ? "blank" : readSlot(format, bytes);
      if (typeof content === "string") found.push(content);
      else if (newest === undefined || content.sequence > newest.sequence) newest = content;
    }
    if (newest === undefined && !found.includes("blank"))
      throw new EngineError("META_CORRUPT", {
        place: format.table,
        found: found.join("; "),
        expected: "one valid slot",
      });
    return { slots: new TwoSlots(format, writer, newest?.sequence ?? 0), content: newest?.content };
  }

  /** Of the latest content. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Settles when the content as it is now is durable. Calls made during a write share the next one: the
   * one that runs may have taken its copy before the caller's change.
   * @param encode asked once a write, when it begins. @param written told of every write
   */
  persist(encode: () => Uint8Array, written: () => void = () => {}): Promise<void> {
    const begin = (): Promise<void> => {
      this.#writing = this.#write(encode, written);
      return this.#writing;
    };
    if (this.#writing === undefined) return begin();
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      return begin();
    });
    return this.#next;
  }

  async #write(encode: () => Uint8Array, written: () => void): Promise<void> {
    const { table, magic, slotBytes } = this.#format;
    this.#sequence++;
    const payload = encode();
    const head = new ByteWriter(SLOT_HEADER_BYTES).u32(magic).u64(this.#sequence).u32(payload.length).u32(0).bytes();
    const writer = new ByteWriter(1024).raw(head).u32(crc32c(head, payload)).raw(payload);
    const padding = -writer.bytes().length & (SECTOR_BYTES - 1);
    const bytes = writer.zeros(padding).bytes();
    assert(bytes.length <= slotBytes, `${table} needs ${bytes.length} bytes of ${slotBytes}`);
    await writePersistently(this.#writer, (this.#sequence % SLOTS) * slotBytes, bytes);
    written();
    if (this.#next === undefined) this.#writing = undefined;
  }
}

interface Content<T> {
  readonly sequence: number;
  readonly content: T;
}

/** @returns why, if it cannot be believed */
function readSlot<T>(format: SlotFormat<T>, bytes: Uint8Array): Content<T> | string {
  try {
    const reader = new ByteReader(bytes);
    const magic = reader.u32();
    if (magic !== format.magic) throw new CodecError(`magic ${magic.toString(16)}`);
    const sequence = reader.u64();
    const payloadBytes = reader.u32();
    reader.u32();
    const expected = reader.u32();
    const payload = reader.raw(payloadBytes);
    const found = crc32c(bytes.subarray(0, SLOT_HEADER_BYTES - 4), payload);
    if (found !== expected) throw new CodecError(`checksum ${found.toString(16)} instead of ${expected.toString(16)}`);
    const body = new ByteReader(payload);
    const content = format.decode(body);
    body.end();
    return { sequence, content };
  } catch (error) {
    return handled(error, CodecError).message;
  }
}
