export { bytesView } from "./bytes-view.ts";
export { contentDigest, differences, firstDifference } from "./compare.ts";
export type { SectorChoice } from "./power-loss.ts";
export { sectorChoice } from "./sector-choice.ts";
export { SimDisk } from "./sim-disk.ts";
export { CHUNK_BYTES, isZero, SparseBytes, sameBytes } from "./sparse-bytes.ts";
export { defaultTiming } from "./timing.ts";
