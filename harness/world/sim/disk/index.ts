export { type ByteRange, differences, firstDifference, type Viewable } from "./compare.ts";
export { SimDisk } from "./sim-disk.ts";
export { defaultTiming } from "./timing.ts";
