/** A disk as it is now. */
export interface DiskState {
  readonly sizeBytes: number;
  /** The number of the last event that it has in it. */
  readonly event: number;
  /** Of what reads see: equal content gives equal digests, also of disks of the simulated world. */
  readonly digest: string;
  /** Where something may be other than zero: rising, apart. */
  readonly allocated: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[];
  readonly unflushedBytes: number;
  /** Sectors that do not hold what the disk acknowledged, with the fault that did it. */
  readonly damage: readonly { readonly sectorIndex: number; readonly faultId: number; readonly kind: string }[];
}
