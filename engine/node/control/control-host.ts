import type { StorageSystem } from "../../controller/storage-system.ts";
import type { EventHub } from "./event-hub.ts";
import type { Metrics } from "./metrics.ts";

/** What the control API is the surface of. */
export interface ControlHost {
  /** `ready`: hosts and commands are served. */
  readonly phase: "starting" | "ready" | "stopping";
  /** `undefined` before it is ready. */
  readonly system: StorageSystem | undefined;
  readonly version: string;
  readonly events: EventHub;
  readonly metrics: Metrics;
  nowNs(): number;
  /** Something that is a bug of ours escaped: the engine must stop. */
  fail(error: unknown): void;
}
