import { type Disk, SECTOR_BYTES } from "../ports/index.ts";
import { ByteReader, ByteWriter } from "../wire/byte-codec.ts";
import { crc32c } from "../wire/crc32c.ts";

const MAGIC = 0x31474d49; // "IMG1"
const SLOTS = 2;
const BODY_BYTES = SECTOR_BYTES - 4;

export const IMAGE_METHODS = ["reserved-area", "old-data", "lsn"] as const;
/** How an image is kept (LS-2). */
export type ImageMethod = (typeof IMAGE_METHODS)[number];

/** Where what follows the head begins in an area. */
export const HEAD_BYTES = SLOTS * SECTOR_BYTES;

/** What an image's area says of it. */
export interface ImageHead {
  readonly method: ImageMethod;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  /** Counts the moments that an image was of. */
  readonly moment: number;
  /** The image of this moment is there. */
  readonly fixed: boolean;
  /** The volume is getting the image's content: see {@link Image.rolling}. */
  readonly rolling: boolean;
  /** Written while the volume was being flushed: what a power loss left of the volume may be no moment of it. */
  readonly unflushed: boolean;
}

/**
 * The head of an image's area, durable: two sectors, written alternately and one after the other, with
 * a sequence number and a checksum. A torn write leaves the older one.
 */
export class ImageHeadStore {
  readonly #area: Disk;
  #sequence = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(area: Disk) {
    this.#area = area;
  }

  /** The newest head that can be believed; `undefined` if there is none. @throws DiskError */
  async load(): Promise<ImageHead | undefined> {
    // What follows the head is read later, and believed: none of it may be in the cache alone, as a program that was killed leaves it.
    await this.#area.flush();
    const bytes = await this.#area.read(0, HEAD_BYTES);
    let newest: ImageHead | undefined;
    for (let slot = 0; slot < SLOTS; slot++) {
      const found = decode(bytes.subarray(slot * SECTOR_BYTES, (slot + 1) * SECTOR_BYTES));
      if (found === undefined || found.sequence <= this.#sequence) continue;
      this.#sequence = found.sequence;
      newest = found.head;
    }
    return newest;
  }

  /** Durable when it settles. @throws DiskError: the area says this, or what it said before */
  write(head: ImageHead): Promise<void> {
    const write = async (): Promise<void> => {
      this.#sequence++;
      const offsetBytes = (this.#sequence % SLOTS) * SECTOR_BYTES;
      await this.#area.write(offsetBytes, encode(this.#sequence, head), { fua: true });
    };
    const done = this.#last.then(write);
    this.#last = done.catch(() => {});
    return done;
  }
}

function encode(sequence: number, head: ImageHead): Uint8Array {
  const body = new ByteWriter(SECTOR_BYTES)
    .u32(MAGIC)
    .u64(sequence)
    .u8(IMAGE_METHODS.indexOf(head.method))
    .u64(head.sizeBytes)
    .u32(head.trackBytes)
    .u32(head.moment)
    .bool(head.fixed)
    .bool(head.rolling)
    .bool(head.unflushed)
    .bytes();
  const padded = new ByteWriter(SECTOR_BYTES)
    .raw(body)
    .raw(new Uint8Array(BODY_BYTES - body.length))
    .bytes();
  return new ByteWriter(SECTOR_BYTES).raw(padded).u32(crc32c(padded)).bytes();
}

function decode(bytes: Uint8Array): { readonly sequence: number; readonly head: ImageHead } | undefined {
  const reader = new ByteReader(bytes);
  const body = new ByteReader(reader.raw(BODY_BYTES));
  if (reader.u32() !== crc32c(bytes.subarray(0, BODY_BYTES)) || body.u32() !== MAGIC) return undefined;
  return {
    sequence: body.u64(),
    head: {
      method: body.oneOf(IMAGE_METHODS),
      sizeBytes: body.u64(),
      trackBytes: body.u32(),
      moment: body.u32(),
      fixed: body.bool(),
      rolling: body.bool(),
      unflushed: body.bool(),
    },
  };
}
