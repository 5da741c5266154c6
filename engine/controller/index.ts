export { Tasks } from "../tasks.ts";
export type { Command } from "./command.ts";
export type { LocalPair } from "../mirror/local-pair.ts";
export type { Pair } from "../mirror/pair.ts";
export type { SystemConfig, SystemPorts } from "./config.ts";
export type { FrontEndDevice } from "./front-end.ts";
export { StorageSystem } from "./storage-system.ts";
export type { CopyIn } from "../restore/copy-in.ts";
export { type RestoringAdministrator, restoreFromBackup } from "../restore/restoring-program.ts";
export type { Journal } from "../journal/journal.ts";
export { logBytesMin } from "../journal/log-layout.ts";
export { BITMAPS_OFFSET_BYTES } from "../mirror/copy-management-table.ts";
export { HEADER_BYTES as FRAME_HEADER_BYTES } from "../wire/frame-memory.ts";
export { imageAreaBytesMin } from "../image/area-image.ts";
export type {
  ImageReport,
  JournalReport,
  LinkReport,
  PairReport,
  RestoreReport,
  TrackView,
  VolumeReport,
} from "./reports.ts";
