/**
 * Randomness in named streams. The same parent and name give the same stream, and a draw from one
 * stream never shifts another: removing a fault does not change the workload.
 */
export interface Random {
  /** A uniform whole number, 0 ≤ n < 2^32. */
  next32(): number;
  /** The independent stream `name` of this stream; unaffected by draws made before. */
  fork(name: string): Random;
}

/** A uniform whole number, 0 ≤ n < `bound`; `bound` is 1 … 2^32. */
export function below(random: Random, bound: number): number {
  // Rejection keeps it uniform; at most half of the draws are rejected, so 64 tries do not all fail.
  // All in unsigned 32 bits (2^32 mod bound is -bound mod bound there), which is several times
  // faster than the same with floating-point remainders.
  // The result of each remainder is made unsigned at once: it could be NaN otherwise, and is then slow to get.
  if (bound === 0x1_0000_0000) return random.next32();
  const divisor = bound >>> 0;
  const limit = 0x1_0000_0000 - (((-divisor >>> 0) % divisor) >>> 0);
  for (let attempt = 0; attempt < 64; attempt++) {
    const draw = random.next32();
    if (draw < limit) return ((draw >>> 0) % divisor) >>> 0;
  }
  throw new Error(`no draw below ${bound} in 64 attempts: the stream is not uniform`);
}

/** True with probability `p`, 0 ≤ p ≤ 1. Always one draw. */
export function chance(random: Random, p: number): boolean {
  return random.next32() < p * 0x1_0000_0000;
}
