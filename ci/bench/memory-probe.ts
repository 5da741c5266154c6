const WORDS = 4 * 1024 * 1024;
const READS = 200_000;

/**
 * Gives a function that measures how many nanoseconds a read of a random place of 16 MiB takes now, several at once under way. A
 * neighbour that wants the same memory shows here, and nowhere in a loop over registers.
 */
export function memoryProbe(): () => number {
  // Written, so that each page is one of its own.
  const words = new Uint32Array(WORDS).fill(1);
  return () => {
    let place = 1;
    let sum = 0;
    const startMs = performance.now();
    for (let read = 0; read < READS; read++) {
      place = (Math.imul(place, 1664525) + 1013904223) | 0;
      sum += words[(place >>> 8) & (WORDS - 1)] as number;
    }
    const ns = ((performance.now() - startMs) * 1e6) / READS;
    // The reads are for something, as far as the compiler can tell.
    if (sum !== READS) throw new Error("every word is 1");
    return ns;
  };
}
