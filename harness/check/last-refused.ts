import type { DiskChange } from "../world/run-world.ts";
import type { VolumeKey } from "./checker.ts";

type VolumeChange = DiskChange & { readonly volume: VolumeKey };

/**
 * For changes that are told late, in order, but with the bytes of now: where the last request was one that the disk refused,
 * it has left them, and nothing before it is told to have brought them.
 */
export function lastRefused<C extends VolumeChange>(changes: readonly C[]): readonly C[] {
  let told: C[] = [];
  for (const change of changes) {
    if (change.isRefused === true) told = told.flatMap((earlier) => outside(earlier, change));
    told.push(change);
  }
  return told;
}

/** What of a change is not in the range of another one. */
function outside<C extends VolumeChange>(change: C, { volume, offsetBytes, lengthBytes }: VolumeChange): readonly C[] {
  const startBytes = change.offsetBytes;
  const endBytes = startBytes + change.lengthBytes;
  if (change.volume !== volume || endBytes <= offsetBytes || startBytes >= offsetBytes + lengthBytes) return [change];
  return [
    { ...change, lengthBytes: offsetBytes - startBytes },
    { ...change, offsetBytes: offsetBytes + lengthBytes, lengthBytes: endBytes - offsetBytes - lengthBytes },
  ].filter((rest) => rest.lengthBytes > 0);
}
