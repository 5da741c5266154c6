import type { NbdContext, NbdExport, NbdExtent, NbdWriteOptions } from "./nbd-export.ts";
import { ALLOCATION, BASE_ALLOCATION, DIRTY, DIRTY_BITMAP_PREFIX } from "./protocol.ts";

const BLOCK_BYTES = 4096;

export interface MemoryExportOptions {
  readonly name?: string;
  readonly description?: string;
  readonly sizeBytes: number;
  readonly readOnly?: boolean;
  /** Knows where its holes are. */
  readonly sparse?: boolean;
  /** Has a dirty bitmap of this name: what was written since. */
  readonly bitmap?: string;
}

/** A device in memory, for tests and measurements: durable as soon as it is written. */
export class MemoryExport implements NbdExport {
  readonly name: string;
  readonly description?: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly canMultiConn = true;
  readonly hasFastZeroes = true;
  readonly contexts: readonly NbdContext[];
  readonly bytes: Buffer;
  /** Requests so far, as `write 0 4096 fua`. */
  readonly requests: string[] = [];
  /** Whether {@link requests} are kept. */
  keepsRequests = false;
  /** What every request waits for, if anything. */
  gate: Promise<void> | undefined;
  /** Called before every request; it may throw. */
  before: (command: string, offsetBytes: number, lengthBytes: number) => void = () => {};
  readonly #allocated: Uint8Array;
  readonly #dirty: Uint8Array;

  constructor({ name = "memory", description, sizeBytes, readOnly, sparse, bitmap }: MemoryExportOptions) {
    this.name = name;
    if (description !== undefined) this.description = description;
    this.sizeBytes = sizeBytes;
    this.readOnly = readOnly === true;
    this.bytes = Buffer.alloc(sizeBytes);
    const blocks = Math.ceil(sizeBytes / BLOCK_BYTES);
    this.#allocated = new Uint8Array(blocks);
    this.#dirty = new Uint8Array(blocks);
    const contexts: NbdContext[] = [];
    if (sparse === true)
      contexts.push(this.#context(BASE_ALLOCATION, this.#allocated, [ALLOCATION.HOLE | ALLOCATION.ZERO, 0]));
    if (bitmap !== undefined) contexts.push(this.#context(DIRTY_BITMAP_PREFIX + bitmap, this.#dirty, [0, DIRTY]));
    this.contexts = contexts;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.#note("read", offsetBytes, lengthBytes, "");
    if (this.gate !== undefined) await this.gate;
    const copy = Buffer.allocUnsafe(lengthBytes);
    this.bytes.copy(copy, 0, offsetBytes, offsetBytes + lengthBytes);
    return copy;
  }

  async write(offsetBytes: number, data: Uint8Array, { fua }: NbdWriteOptions): Promise<void> {
    this.#note("write", offsetBytes, data.length, fua ? " fua" : "");
    if (this.gate !== undefined) await this.gate;
    this.bytes.set(data, offsetBytes);
    this.#mark(this.#allocated, offsetBytes, data.length, 1);
    this.#mark(this.#dirty, offsetBytes, data.length, 1);
  }

  async flush(): Promise<void> {
    this.#note("flush", 0, 0, "");
    if (this.gate !== undefined) await this.gate;
  }

  async trim(offsetBytes: number, lengthBytes: number, { fua }: NbdWriteOptions): Promise<void> {
    this.#note("trim", offsetBytes, lengthBytes, fua ? " fua" : "");
    await this.#zero(offsetBytes, lengthBytes, false);
  }

  async writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    { fua, noHole }: NbdWriteOptions & { readonly noHole: boolean },
  ): Promise<void> {
    this.#note("zero", offsetBytes, lengthBytes, `${fua ? " fua" : ""}${noHole ? " no-hole" : ""}`);
    await this.#zero(offsetBytes, lengthBytes, noHole);
  }

  async cache(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#note("cache", offsetBytes, lengthBytes, "");
  }

  async #zero(offsetBytes: number, lengthBytes: number, keeps: boolean): Promise<void> {
    if (this.gate !== undefined) await this.gate;
    this.bytes.fill(0, offsetBytes, offsetBytes + lengthBytes);
    this.#mark(this.#dirty, offsetBytes, lengthBytes, 1);
    if (keeps) this.#mark(this.#allocated, offsetBytes, lengthBytes, 1);
    else {
      const start = Math.ceil(offsetBytes / BLOCK_BYTES);
      this.#allocated.fill(0, start, Math.max(start, Math.floor((offsetBytes + lengthBytes) / BLOCK_BYTES)));
    }
  }

  #note(command: string, offsetBytes: number, lengthBytes: number, how: string): void {
    if (this.keepsRequests) this.requests.push(`${command} ${offsetBytes} ${lengthBytes}${how}`);
    this.before(command, offsetBytes, lengthBytes);
  }

  #mark(blocks: Uint8Array, offsetBytes: number, lengthBytes: number, value: number): void {
    blocks.fill(value, Math.floor(offsetBytes / BLOCK_BYTES), Math.ceil((offsetBytes + lengthBytes) / BLOCK_BYTES));
  }

  #context(name: string, blocks: Uint8Array, flags: readonly [unmarked: number, marked: number]): NbdContext {
    return {
      name,
      extents: (offsetBytes, lengthBytes, countMax) => {
        const extents: NbdExtent[] = [];
        const end = Math.min(this.sizeBytes, offsetBytes + lengthBytes);
        let at = offsetBytes;
        while (at < end && extents.length < countMax) {
          const mark = blocks[Math.floor(at / BLOCK_BYTES)] as number;
          let next = at;
          while (next < end && blocks[Math.floor(next / BLOCK_BYTES)] === mark)
            next = Math.min(end, (Math.floor(next / BLOCK_BYTES) + 1) * BLOCK_BYTES);
          extents.push({ lengthBytes: next - at, flags: flags[mark as 0 | 1] });
          at = next;
        }
        return extents;
      },
    };
  }
}
