export { differences, firstDifference } from "./compare.ts";
export { SimDisk } from "./sim-disk.ts";
export { CHUNK_BYTES, SparseBytes, sameBytes } from "./sparse-bytes.ts";
export { defaultTiming } from "./timing.ts";
