export type { Command } from "./command.ts";
export type { SystemConfig, SystemPorts } from "./config.ts";
export { FrontEndDevice } from "./front-end.ts";
export { StorageSystem } from "./storage-system.ts";
