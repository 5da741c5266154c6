import { SECTOR_BYTES } from "../../ports/index.ts";
import { RangeLock } from "../../volume/range-lock.ts";
import type { NbdExport, NbdWriteOptions, NbdZeroOptions } from "./nbd-export.ts";

/**
 * An export for clients that know of no sectors: what is written in part is read, changed and
 * written back. One for all clients of the export, since meanwhile nobody else may write there.
 *
 * Aligned changes, which is nearly all there ever are, take no lock: they are only counted, and a
 * change of a part waits for those that are under way and makes later ones take the lock.
 */
export class ByteAccess {
  readonly export: NbdExport;
  readonly #lock = new RangeLock();
  /** Changes of parts of sectors that wait or run. */
  #partial = 0;
  /** Aligned changes that run without the lock. */
  #unlocked = 0;
  #whenLocked: (() => void)[] = [];

  constructor(target: NbdExport) {
    this.export = target;
  }

  /** @throws what the export throws, as all of these */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    if (isAligned(offsetBytes, lengthBytes)) return begun(() => this.export.read(offsetBytes, lengthBytes));
    return this.#readPart(offsetBytes, lengthBytes);
  }

  write(offsetBytes: number, data: Uint8Array, options: NbdWriteOptions): Promise<void> {
    if (!isAligned(offsetBytes, data.length)) return this.#writePart(offsetBytes, data, options);
    return this.#change(offsetBytes, data.length, () => this.export.write(offsetBytes, data, options));
  }

  flush(): Promise<void> {
    return begun(() => this.export.flush());
  }

  /** Sectors that lie in the range in part are left as they are: a trim is a hint. */
  trim(offsetBytes: number, lengthBytes: number, options: NbdWriteOptions): Promise<void> {
    const start = roundUp(offsetBytes);
    const inner = roundDown(offsetBytes + lengthBytes) - start;
    if (inner <= 0) return Promise.resolve();
    return this.#change(start, inner, () => this.export.trim(start, inner, options));
  }

  async writeZeroes(offsetBytes: number, lengthBytes: number, options: NbdZeroOptions): Promise<void> {
    const end = offsetBytes + lengthBytes;
    const start = roundUp(offsetBytes);
    const inner = roundDown(end) - start;
    if (inner < 0) return this.#writePart(offsetBytes, new Uint8Array(lengthBytes), options);
    const edges: Promise<void>[] = [];
    if (start > offsetBytes) edges.push(this.#writePart(offsetBytes, new Uint8Array(start - offsetBytes), options));
    if (end > start + inner) edges.push(this.#writePart(start + inner, new Uint8Array(end - start - inner), options));
    if (inner > 0) edges.push(this.#change(start, inner, () => this.export.writeZeroes(start, inner, options)));
    await Promise.all(edges);
  }

  async cache(offsetBytes: number, lengthBytes: number): Promise<void> {
    const start = roundDown(offsetBytes);
    const sectors = roundUp(offsetBytes + lengthBytes) - start;
    if (lengthBytes > 0) await this.export.cache?.(start, sectors);
  }

  async #readPart(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const start = roundDown(offsetBytes);
    const sectors = await this.export.read(start, roundUp(offsetBytes + lengthBytes) - start);
    return sectors.subarray(offsetBytes - start, offsetBytes - start + lengthBytes);
  }

  #change(offsetBytes: number, lengthBytes: number, change: () => Promise<void>): Promise<void> {
    if (this.#partial > 0) return this.#locked(offsetBytes, offsetBytes + lengthBytes, change);
    this.#unlocked++;
    const done = begun(change);
    done.then(this.#unlockedEnds, this.#unlockedEnds);
    return done;
  }

  readonly #unlockedEnds = (): void => {
    if (--this.#unlocked > 0) return;
    const waiting = this.#whenLocked;
    if (waiting.length === 0) return;
    this.#whenLocked = [];
    for (const go of waiting) go();
  };

  async #writePart(offsetBytes: number, data: Uint8Array, options: NbdWriteOptions): Promise<void> {
    this.#partial++;
    try {
      if (this.#unlocked > 0) await new Promise<void>((resolve) => this.#whenLocked.push(resolve));
      const start = roundDown(offsetBytes);
      const end = roundUp(offsetBytes + data.length);
      await this.#locked(start, end, async () => {
        const sectors = new Uint8Array(end - start);
        const edges = [this.#fetch(sectors, start, start)];
        if (end - start > SECTOR_BYTES) edges.push(this.#fetch(sectors, start, end - SECTOR_BYTES));
        await Promise.all(edges);
        sectors.set(data, offsetBytes - start);
        await this.export.write(start, sectors, options);
      });
    } finally {
      this.#partial--;
    }
  }

  async #fetch(into: Uint8Array, intoStart: number, sectorBytes: number): Promise<void> {
    into.set(await this.export.read(sectorBytes, SECTOR_BYTES), sectorBytes - intoStart);
  }

  async #locked(start: number, end: number, change: () => Promise<void>): Promise<void> {
    const release = await this.#lock.acquire(start, end);
    try {
      await change();
    } finally {
      release();
    }
  }
}

/** An export may also throw at once. */
function begun<T>(request: () => Promise<T>): Promise<T> {
  try {
    return request();
  } catch (error) {
    return Promise.reject(error);
  }
}

function isAligned(offsetBytes: number, lengthBytes: number): boolean {
  return offsetBytes % SECTOR_BYTES === 0 && lengthBytes % SECTOR_BYTES === 0;
}

function roundDown(bytes: number): number {
  return bytes - (bytes % SECTOR_BYTES);
}

function roundUp(bytes: number): number {
  return roundDown(bytes + SECTOR_BYTES - 1);
}
