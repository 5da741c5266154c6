/** Why the content that reads see changed. */
export type ChangeReason = "write" | "trim" | "power-loss" | "fault";

/** A visible change of content, told after it is applied. It may cover sectors that kept their bytes. */
export interface DiskChange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly reason: ChangeReason;
  /** The fault that did it, where one did. */
  readonly faultId?: number;
  /** The disk refused the request, which reached so far all the same. */
  readonly isRefused?: true;
}

/** Called within the call that changed the disk; must not write to it. */
export type ChangeListener = (change: DiskChange) => void;

/** A sector that does not hold what the disk acknowledged, and why. */
export interface Damage {
  readonly sectorIndex: number;
  readonly faultId: number;
}
