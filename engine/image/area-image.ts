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

/** An image, and what is left of a rollback to it (LS-8). */
export interface ImageWithRollback {
  readonly image: Image;
  /** The tracks that a rollback to the image has still to bring. */
  readonly rollback: TrackCopy;
}

/** Bytes of an area for an image of such a volume, at least: with `old-data` for the old content of one track. */
export function imageAreaBytesMin(
  method: Exclude<ImageMethod, "lsn">,
  { sizeBytes, trackBytes }: Pick<Volume, "sizeBytes" | "trackBytes">,
): number {
  const trackCount = Math.ceil(sizeBytes / trackBytes);
  const methodBytes =
    method === "reserved-area"
      ? ReservedAreaImage.neededBytes(sizeBytes, trackCount)
      : OldDataImage.neededBytes(trackBytes);
  return restOffsetBytes(trackCount) + methodBytes;
}

/** Where what the method keeps begins. */
function restOffsetBytes(trackCount: number): number {
  return HEAD_BYTES + intentBitmapBytes(trackCount);
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
): ImageWithRollback {
  const { disk } = area;
  const neededBytes = imageAreaBytesMin(method, volume);
  if (disk.sizeBytes < neededBytes)
    throw new EngineError("IMAGE_AREA_TOO_SMALL", {
      volume: volume.name,
      area: area.name,
      neededBytes,
      sizeBytes: disk.sizeBytes,
    });
  const parts = { volume, heads: new ImageHeadStore(disk), runtime };
  const restBytes = restOffsetBytes(volume.trackCount);
  const image =
    method === "reserved-area"
      ? new ReservedAreaImage(parts, disk, restBytes)
      : new OldDataImage(parts, disk, restBytes);
  return { image, rollback: rollbackTracks(disk, volume) };
}

function rollbackTracks(area: Disk, { trackCount, trackBytes }: Volume): TrackCopy {
  return trackCopyAt(area, { pairId: ROLLBACK_ID, offsetBytes: HEAD_BYTES, trackCount }, trackBytes);
}
