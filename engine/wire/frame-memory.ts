/** Of every frame, before its payload. */
export const HEADER_BYTES = 40;
/** Smaller payloads are not worth it: their frames lie side by side. */
export const LARGE_PAYLOAD_BYTES = 8 * 1024;
const SMALLEST_BYTES = 2 * LARGE_PAYLOAD_BYTES;
const IDLE_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Memory for large frames, for all links of the program. It is used again once the other end has said that it applied the
 * frame, so that its bytes have left. To make it anew for each frame would cost more than to fill it: memory of that
 * size has the garbage collector look through all of the program every few dozen times.
 */
class FrameMemory {
  readonly #idle = new Map<number, Uint8Array[]>();
  #idleBytes = 0;

  /** Room for a frame with a payload of `payloadBytes`, and more; with anything in it. */
  take(payloadBytes: number): Uint8Array {
    let sizeBytes = SMALLEST_BYTES;
    while (sizeBytes < payloadBytes) sizeBytes *= 2;
    const memory = this.#idle.get(sizeBytes)?.pop();
    if (memory === undefined) return new Uint8Array(HEADER_BYTES + sizeBytes);
    this.#idleBytes -= sizeBytes;
    return memory;
  }

  /** Nobody looks into it any more. What goes beyond 8 MiB is left to the garbage collector. */
  giveBack(memory: Uint8Array): void {
    const sizeBytes = memory.length - HEADER_BYTES;
    if (this.#idleBytes + sizeBytes > IDLE_BYTES_MAX) return;
    this.#idleBytes += sizeBytes;
    const idle = this.#idle.get(sizeBytes);
    if (idle === undefined) this.#idle.set(sizeBytes, [memory]);
    else idle.push(memory);
  }
}

export const frameMemory: FrameMemory = new FrameMemory();

/** Where in the memory of a frame its payload lies: what is put there is sent without a copy. */
export function payloadIn(memory: Uint8Array, payloadBytes: number): Uint8Array {
  return memory.subarray(HEADER_BYTES, HEADER_BYTES + payloadBytes);
}
