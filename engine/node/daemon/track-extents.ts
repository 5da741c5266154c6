import type { TrackView } from "../../controller/reports.ts";
import type { NbdExtent } from "../nbd/nbd-export.ts";

export interface ExtentRequest {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly countMax: number;
  /** What the bytes of the view's tracks are marked with; others get 0. */
  readonly marked: number;
}

/** The tracks of a view as rows of bytes, from `offsetBytes` to the end of the range; fewer if they are too many. */
export function trackExtents(view: TrackView, sizeBytes: number, request: ExtentRequest): readonly NbdExtent[] {
  const { offsetBytes, lengthBytes, countMax, marked } = request;
  const { trackBytes } = view;
  const endBytes = Math.min(offsetBytes + lengthBytes, sizeBytes);
  const extents: NbdExtent[] = [];
  let at = offsetBytes;
  const upTo = (bytes: number, flags: number): void => {
    const to = Math.min(bytes, endBytes);
    if (to <= at || extents.length >= countMax) return;
    extents.push({ lengthBytes: to - at, flags });
    at = to;
  };
  let first = -1;
  let next = -1;
  const endRow = (): void => {
    if (first < 0) return;
    upTo(first * trackBytes, 0);
    upTo(next * trackBytes, marked);
  };
  for (const track of view.indices(Math.floor(offsetBytes / trackBytes))) {
    if (track * trackBytes >= endBytes || extents.length >= countMax) break;
    if (track !== next) {
      endRow();
      first = track;
    }
    next = track + 1;
  }
  endRow();
  upTo(endBytes, 0);
  return extents;
}
