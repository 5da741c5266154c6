import { assert } from "../../assert.ts";

const KIB = 1024;
/**
 * Sizes that are kept. A message gets a slab that holds several of its kind, so that few lie across an
 * end; the odd kilobytes are for the headers of messages whose data is of an even size.
 */
const SIZES_BYTES = [272 * KIB, 1088 * KIB, 4160 * KIB] as const;
const MESSAGES_PER_SLAB = 4;

/** A piece of memory that is used again once nobody needs what is in it. */
export class Slab {
  readonly bytes: Buffer<ArrayBuffer>;
  /** Called once, when the last user has gone. */
  onFree: (() => void) | undefined;
  readonly #pool: SlabPool;
  #users = 0;

  constructor(sizeBytes: number, pool: SlabPool) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes);
    this.#pool = pool;
  }

  /** How many need it. */
  get users(): number {
    return this.#users;
  }

  hold(): void {
    this.#users++;
  }

  /** Gives back one {@link hold}; the last one gives the memory back. */
  release(): void {
    assert(this.#users > 0, "a slab is released as often as it was held");
    if (--this.#users > 0) return;
    const { onFree } = this;
    this.onFree = undefined;
    this.#pool.giveBack(this);
    onFree?.();
  }
}

/** Slabs that wait to be used again; what goes beyond `idleBytesMax` is left to the garbage collector. */
export class SlabPool {
  readonly #idleBytesMax: number;
  readonly #idle = new Map<number, Slab[]>(SIZES_BYTES.map((sizeBytes) => [sizeBytes, []]));
  #idleBytes = 0;

  constructor(idleBytesMax: number) {
    this.#idleBytesMax = idleBytesMax;
  }

  /** At least `neededBytes`, held once, by the caller. What was in it before may still be there. */
  take(neededBytes: number): Slab {
    const sizeBytes =
      SIZES_BYTES.find((candidate) => candidate >= neededBytes * MESSAGES_PER_SLAB) ??
      Math.max(neededBytes, SIZES_BYTES[SIZES_BYTES.length - 1] as number);
    const kept = this.#idle.get(sizeBytes)?.pop();
    if (kept !== undefined) this.#idleBytes -= sizeBytes;
    const slab = kept ?? new Slab(sizeBytes, this);
    slab.hold();
    return slab;
  }

  giveBack(slab: Slab): void {
    const sizeBytes = slab.bytes.length;
    const idle = this.#idle.get(sizeBytes);
    if (idle === undefined || this.#idleBytes + sizeBytes > this.#idleBytesMax) return;
    this.#idleBytes += sizeBytes;
    idle.push(slab);
  }
}
