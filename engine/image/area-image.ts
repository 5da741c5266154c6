import { EngineError } from "../errors.ts";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import type { Disk } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { type TrackCopy, trackCopyAt } from "../volume/track-copy.ts";
import type { Volume } from "../volume/volume.ts";
import type { Image } from "./image.ts";
import { HEAD_BYTES, ImageHeadStore, type ImageMethod } from "./image-head.ts";
import { OldDataImage } from "./old-data-image.ts";
import { ReservedAreaImage } from "./reserved-area-image.ts";

/** Identifies the marks of a rollback. */
const ROLLBACK_ID = 1;

/** An image that keeps all it needs in an area of its own. */
export interface AreaImage {
  readonly image: Image;
  /** The tracks that a rollback to the image has still to bring. */
  readonly rollback: TrackCopy;
}

/**
 * On disk: two sectors of the head, the marks of a rollback, and what the method keeps.
 * @throws EngineError IMAGE_AREA_TOO_SMALL
 */
export function openAreaImage(
  method: Exclude<ImageMethod, "lsn">,
  volume: Volume,
  area: Volume,
  runtime: Runtime,
): AreaImage {
  const { trackCount, trackBytes, sizeBytes } = volume;
  const { disk } = area;
  const restBytes = HEAD_BYTES + intentBitmapBytes(trackCount);
  const parts = { volume, heads: new ImageHeadStore(disk), runtime };
  const tooSmall = (neededBytes: number): EngineError =>
    new EngineError("IMAGE_AREA_TOO_SMALL", {
      volume: volume.name,
      area: area.name,
      neededBytes,
      sizeBytes: disk.sizeBytes,
    });
  if (method === "reserved-area") {
    const neededBytes = restBytes + ReservedAreaImage.neededBytes(sizeBytes, trackCount);
    if (disk.sizeBytes < neededBytes) throw tooSmall(neededBytes);
    return { image: new ReservedAreaImage(parts, disk, restBytes), rollback: rollbackTracks(disk, volume) };
  }
  const image = new OldDataImage(parts, disk, restBytes);
  if (image.slotCount < 1) throw tooSmall(restBytes + HEAD_BYTES + trackBytes);
  return { image, rollback: rollbackTracks(disk, volume) };
}

function rollbackTracks(area: Disk, { trackCount, trackBytes }: Volume): TrackCopy {
  return trackCopyAt(area, { pairId: ROLLBACK_ID, offsetBytes: HEAD_BYTES, trackCount }, trackBytes);
}
