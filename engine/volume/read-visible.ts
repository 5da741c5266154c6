import { takeWhole } from "./take-whole.ts";
import type { Volume } from "./volume.ts";

/**
 * What a host may see of a range, which is not locked: also of a change that fails meanwhile nothing that its journal does not know.
 * @throws DiskError, and what a tap throws that cannot bring it
 */
export async function readVisible(volume: Volume, offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
  const { first, last } = volume.tracks(offsetBytes, lengthBytes);
  const { failures } = volume;
  const prepared = volume.prepareRead(first, last);
  if (prepared !== undefined) await prepared;
  const data = await volume.disk.read(offsetBytes, lengthBytes);
  if (volume.journal === undefined || failures === volume.failures) return data;
  // Under the lock none is under way, and whoever took part in one is through with it.
  const release = await takeWhole(volume, first, last);
  try {
    return await volume.disk.read(offsetBytes, lengthBytes);
  } finally {
    release();
  }
}
