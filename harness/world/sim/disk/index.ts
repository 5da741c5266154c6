export type { ChangeListener, ChangeReason, Damage, DiskChange } from "./change.ts";
export {
  type ByteRange,
  type CompareRange,
  contentDigest,
  differences,
  firstDifference,
  type Viewable,
} from "./compare.ts";
export {
  type DiskFaultKind,
  DiskFaultError,
  type DiskFaultSpec,
  type DiskFaultTrigger,
} from "./disk-fault.ts";
export { FaultyMedium, type Verdict } from "./faulty-medium.ts";
export { InjectedFault } from "./injected-fault.ts";
export { Medium } from "./medium.ts";
export type { PowerLossMode } from "./power-loss.ts";
export type { RequestCounts, RequestKind, RequestListener, RequestNotice } from "./request.ts";
export { SimDisk, type SimDiskOptions } from "./sim-disk.ts";
export { type DiskTiming, defaultTiming } from "./timing.ts";
