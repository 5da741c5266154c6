import { writeInOrder } from "../ports/index.ts";
import type { Held } from "./range-lock.ts";
import type { Tap } from "./tap.ts";
import type { WriteUpdate } from "./update.ts";
import type { Volume } from "./volume.ts";

/**
 * `Volume.apply` of the first of these writes that are in nobody's way, all at once and in their order; none of them
 * with force unit access. Only where nobody but `origin`, which locks no whole tracks, wants to know of changes.
 * @returns how many; 0 if they are to be applied one by one. @throws DiskError
 */
export async function applyRow(volume: Volume, updates: readonly WriteUpdate[], origin: Tap): Promise<number> {
  const { taps, locks, disk } = volume;
  if (taps.length !== 1 || taps[0] !== origin) return 0;
  const held: Held[] = [];
  for (const { offsetBytes, data } of updates) {
    const range = locks.tryHold(offsetBytes, offsetBytes + data.length);
    if (range === undefined) break;
    held.push(range);
  }
  if (held.length === 0) return 0;
  try {
    await writeInOrder(disk, held.length === updates.length ? updates : updates.slice(0, held.length));
  } finally {
    volume.wrote(held.length);
    for (const range of held) locks.release(range);
  }
  return held.length;
}
