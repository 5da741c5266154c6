import type { Volume } from "./volume.ts";

/**
 * Locks tracks of a volume with their content on its disk. It is looked at under the lock: a restore may have begun
 * while that was waited for, and then the tracks hold what nobody is to see any more.
 * @returns gives them back. @throws DiskError, and what a tap throws that cannot bring them
 */
export async function takeWhole(volume: Volume, first: number, last: number): Promise<() => void> {
  const { offsetBytes, lengthBytes } = volume.extent(first, last);
  for (;;) {
    const release = await volume.locks.acquire(offsetBytes, offsetBytes + lengthBytes);
    // Whoever brings them waits behind this lock.
    const prepared = volume.prepareRead(first, last);
    if (prepared === undefined) return release;
    release();
    await prepared;
  }
}
