/** The header of content: the number of the last event that it has in it. */
export const EVENT_HEADER = "x-event";

/**
 * Something that happened to a disk. `write`, `trim`, `fault`, `power-loss`: its visible content changed, told
 * after it was applied. `flush`: one begins. `acted`: a fault did something to a request.
 */
export interface DiskEvent {
  /** From 1, over all disks of the fault disk, without a gap. */
  readonly n: number;
  readonly disk: string;
  readonly event: "write" | "trim" | "fault" | "power-loss" | "flush" | "acted";
  /** 0 and 0 of a flush and of a fault that acted. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly faultId?: number;
  /** The disk refused the request, which reached so far all the same. */
  readonly isRefused?: true;
  /** Of `acted`: what the fault has done so far. */
  readonly effects?: FaultEffects;
}

export interface FaultEffects {
  /** Requests that it failed, delayed or falsified. */
  readonly requests: number;
  /** Sectors that came to differ from what was acknowledged; torn ones count when the power is lost. */
  readonly sectors: number;
}

/** The events after a number, or as many of them as are still known. */
export interface DiskEvents {
  readonly events: readonly DiskEvent[];
  /** The number of the last event there is. */
  readonly last: number;
  /** How many of those asked for are forgotten. */
  readonly missed: number;
}
