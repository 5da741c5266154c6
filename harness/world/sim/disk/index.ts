export { type ByteRange, firstDifference, type Viewable } from "./compare.ts";
export { SimDisk } from "./sim-disk.ts";
