const CLASS_MIN_BYTES = 4096;
const CLASS_MAX_BYTES = 1024 * 1024;
const IDLE_MAX_BYTES = 4 * 1024 * 1024;

/** Buffers for the data of requests in flight, used again and again; at most 4 MiB lie idle. */
export class StagingPool {
  /** Idle buffers by size class, which is a power of two. */
  readonly #idle = new Map<number, Uint8Array[]>();
  #idleBytes = 0;

  /** A copy of `data`, which may be a part of a longer buffer. */
  copy(data: Uint8Array): Uint8Array {
    if (data.length > CLASS_MAX_BYTES) return data.slice();
    const sizeBytes = classOf(data.length);
    const idle = this.#idle.get(sizeBytes)?.pop();
    if (idle !== undefined) this.#idleBytes -= sizeBytes;
    const buffer = idle ?? new Uint8Array(sizeBytes);
    const copy = data.length === sizeBytes ? buffer : buffer.subarray(0, data.length);
    copy.set(data);
    return copy;
  }

  /** Takes back what {@link copy} gave. The caller forgets it. */
  release(copy: Uint8Array): void {
    const sizeBytes = copy.buffer.byteLength;
    if (copy.length > CLASS_MAX_BYTES || this.#idleBytes + sizeBytes > IDLE_MAX_BYTES) return;
    let idle = this.#idle.get(sizeBytes);
    if (idle === undefined) {
      idle = [];
      this.#idle.set(sizeBytes, idle);
    }
    idle.push(copy.length === sizeBytes ? copy : new Uint8Array(copy.buffer as ArrayBuffer));
    this.#idleBytes += sizeBytes;
  }
}

function classOf(lengthBytes: number): number {
  let sizeBytes = CLASS_MIN_BYTES;
  while (sizeBytes < lengthBytes) sizeBytes *= 2;
  return sizeBytes;
}
