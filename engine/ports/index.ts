export { type Clock, NS_PER_MS, sleep, type Timer } from "./clock.ts";
export {
  type Disk,
  DiskError,
  type DiskErrorCode,
  type DiskWrite,
  SECTOR_BYTES,
  readInto,
  writeInOrder,
  type WriteOptions,
} from "./disk.ts";
export { type Link, type LinkEndpoint, LinkError, type LinkErrorCode, type Listener } from "./link.ts";
export type { Log, StepFields } from "./log.ts";
export { below, chance, type Random } from "./random.ts";
