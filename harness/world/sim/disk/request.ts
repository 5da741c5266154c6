import type { Process } from "../process.ts";
import type { Scheduled } from "../scheduled.ts";
import type { FaultDecision } from "./faulty-medium.ts";

export type RequestKind = "read" | "write" | "flush" | "trim";

/** A request on its way. Owned by the disk. */
export interface DiskRequest {
  /** Position among all requests of the disk, from 0. */
  readonly requestIndex: number;
  readonly kind: RequestKind;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly fua: boolean;
  readonly process: Process;
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: Error) => void;
  /** The pooled buffer in which {@link data} lies. */
  readonly staging: Uint8Array | undefined;
  /** The disk's own copy of what a write brings. */
  readonly data: Uint8Array | undefined;
  /** Where the caller of a read wants what it returns. */
  readonly into: Uint8Array | undefined;
  /** The caller's buffer and the hash that it had: it must not change while the request runs. */
  readonly source: Uint8Array | undefined;
  readonly sourceHash: number;
  /** Of a flush: what it makes durable. */
  readonly flushMark: number;
  readonly delayNs: number;
  readonly decision: FaultDecision | undefined;
  /** `undefined` while it is stalled. */
  event: Scheduled | undefined;
}

/** A request as a listener sees it. */
export interface RequestNotice {
  /** `failed`: not all of it was done, or not as durably as it was asked for. */
  readonly phase: "started" | "completed" | "failed";
  /** Position among all requests of this disk, from 0. */
  readonly requestIndex: number;
  readonly kind: RequestKind;
  /** 0 and 0 for a flush. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly fua: boolean;
}

/** Called within the event; may end the process or cut the power, so that a crash lies exactly here. */
export type RequestListener = (notice: RequestNotice) => void;
