import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { BlockDevice, ByteRun } from "./file-system.ts";

const PAGE_BYTES = 4096;
/** One host write. */
const RUN_BYTES_MAX = 64 * 1024;

interface Page {
  readonly now: Uint8Array;
  /** What the device holds; `undefined` while that is the same. */
  clean: Uint8Array | undefined;
}

/**
 * A host's memory of a volume: reads a page when it is first asked for, and writes back the sectors
 * that differ, in the order of the volume. Bounded by the volume's size; a file system is mounted briefly.
 */
export class PageCache {
  readonly #device: BlockDevice;
  readonly #readOnly: boolean;
  readonly #pages = new Map<number, Page>();

  constructor(device: BlockDevice, readOnly: boolean) {
    this.#device = device;
    this.#readOnly = readOnly;
  }

  async read(offsetBytes: number, into: Uint8Array): Promise<void> {
    for (const piece of piecesOf(offsetBytes, into.length)) {
      const { now } = await this.#page(piece.page);
      into.set(now.subarray(piece.from, piece.from + piece.lengthBytes), piece.at);
    }
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    if (this.#readOnly) throw new Error("the volume is mounted read-only");
    for (const piece of piecesOf(offsetBytes, data.length)) {
      const page = await this.#page(piece.page);
      page.clean ??= page.now.slice();
      page.now.set(data.subarray(piece.at, piece.at + piece.lengthBytes), piece.from);
    }
  }

  /** Settles when the device durably holds all that was written. */
  async sync(): Promise<void> {
    const runs = this.#changed();
    if (runs.length > 0) await this.#device.write(runs);
    for (const page of this.#pages.values()) page.clean = undefined;
  }

  /** Sectors that differ from what the device holds, adjacent ones together. */
  #changed(): readonly ByteRun[] {
    const runs: { readonly offsetBytes: number; lengthBytes: number; readonly parts: Uint8Array[] }[] = [];
    for (const [index, page] of [...this.#pages].sort(([a], [b]) => a - b)) {
      if (page.clean === undefined) continue;
      for (let at = 0; at < page.now.length; at += SECTOR_BYTES) {
        const sector = page.now.subarray(at, at + SECTOR_BYTES);
        if (isSame(sector, page.clean, at)) continue;
        const offsetBytes = index * PAGE_BYTES + at;
        const last = runs.at(-1);
        if (
          last !== undefined &&
          last.offsetBytes + last.lengthBytes === offsetBytes &&
          last.lengthBytes < RUN_BYTES_MAX
        ) {
          last.lengthBytes += SECTOR_BYTES;
          last.parts.push(sector);
        } else runs.push({ offsetBytes, lengthBytes: SECTOR_BYTES, parts: [sector] });
      }
    }
    return runs.map(({ offsetBytes, lengthBytes, parts }) => {
      // A copy: the buffer of a write under way must not change.
      const data = new Uint8Array(lengthBytes);
      for (const [index, part] of parts.entries()) data.set(part, index * SECTOR_BYTES);
      return { offsetBytes, data };
    });
  }

  async #page(index: number): Promise<Page> {
    const found = this.#pages.get(index);
    if (found !== undefined) return found;
    const offsetBytes = index * PAGE_BYTES;
    const lengthBytes = Math.min(PAGE_BYTES, this.#device.sizeBytes - offsetBytes);
    const page: Page = { now: (await this.#device.read(offsetBytes, lengthBytes)).slice(), clean: undefined };
    this.#pages.set(index, page);
    return page;
  }
}

/** The parts of a range by pages; `at` counts from the start of the range, `from` from that of the page. */
function* piecesOf(
  offsetBytes: number,
  lengthBytes: number,
): Generator<{ readonly page: number; readonly from: number; readonly at: number; readonly lengthBytes: number }> {
  for (let at = 0; at < lengthBytes; ) {
    const from = (offsetBytes + at) % PAGE_BYTES;
    const pieceBytes = Math.min(PAGE_BYTES - from, lengthBytes - at);
    yield { page: Math.floor((offsetBytes + at) / PAGE_BYTES), from, at, lengthBytes: pieceBytes };
    at += pieceBytes;
  }
}

function isSame(sector: Uint8Array, page: Uint8Array, at: number): boolean {
  for (let index = 0; index < sector.length; index++) if (sector[index] !== page[at + index]) return false;
  return true;
}
