const CLASS_MIN_BYTES = 4096;
const CLASS_MAX_BYTES = 1024 * 1024;
const CLASS_COUNT = Math.clz32(CLASS_MIN_BYTES) - Math.clz32(CLASS_MAX_BYTES) + 1;
const IDLE_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Buffers whose length is a power of two from 4 KiB to 1 MiB, used again and again: those of a
 * disk's requests, and at the end of a run what its disks held. At most 16 MiB lie idle.
 */
export class BufferPool {
  /** Idle buffers by size class. */
  readonly #idle: Uint8Array[][] = Array.from({ length: CLASS_COUNT }, () => []);
  #idleBytes = 0;

  /** A buffer of at least `lengthBytes`, with whatever it held before; longer than 1 MiB it is a new one. */
  take(lengthBytes: number): Uint8Array {
    if (lengthBytes > CLASS_MAX_BYTES) return new Uint8Array(lengthBytes);
    const index = classOf(lengthBytes);
    const buffer = (this.#idle[index] as Uint8Array[]).pop();
    if (buffer === undefined) return new Uint8Array(CLASS_MIN_BYTES << index);
    this.#idleBytes -= buffer.length;
    return buffer;
  }

  /** Takes back what {@link take} gave. The caller, and whoever it gave a view of it, forgets it. */
  release(buffer: Uint8Array): void {
    const sizeBytes = buffer.length;
    // One that is no power of two would be too short for its class.
    if (sizeBytes > CLASS_MAX_BYTES || (sizeBytes & (sizeBytes - 1)) !== 0) return;
    if (this.#idleBytes + sizeBytes > IDLE_MAX_BYTES) return;
    this.#idle[classOf(sizeBytes)]?.push(buffer);
    this.#idleBytes += sizeBytes;
  }
}

function classOf(lengthBytes: number): number {
  return lengthBytes <= CLASS_MIN_BYTES ? 0 : Math.clz32(CLASS_MIN_BYTES - 1) - Math.clz32(lengthBytes - 1);
}

/** That of this thread: runs follow each other, and their disks are much alike. */
export const bufferPool: BufferPool = new BufferPool();
