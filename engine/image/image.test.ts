import { test } from "vitest";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import { drained } from "../testing/drained.node.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";
import { openAreaImage } from "./area-image.ts";
import { imageConformance } from "./image.conformance.ts";

imageConformance({
  test,
  method: "old-data",
  runtime: testRuntime,
  drained,
  areaBytes: ({ sizeBytes, trackBytes }, tracks) =>
    2 * SECTOR_BYTES +
    intentBitmapBytes(Math.ceil(sizeBytes / trackBytes)) +
    (2 + Math.floor(tracks / 40)) * SECTOR_BYTES +
    tracks * trackBytes,
  open: (volume, area, runtime) =>
    openAreaImage("old-data", volume, new Volume("area", area, 512, runtime), runtime).image,
});

imageConformance({
  test,
  method: "reserved-area",
  runtime: testRuntime,
  drained,
  areaBytes: ({ sizeBytes, trackBytes }) =>
    2 * SECTOR_BYTES + 5 * intentBitmapBytes(Math.ceil(sizeBytes / trackBytes)) + sizeBytes,
  open: (volume, area, runtime) =>
    openAreaImage("reserved-area", volume, new Volume("area", area, 512, runtime), runtime).image,
  lacks: { overflow: "the area has room for the whole volume" },
});
