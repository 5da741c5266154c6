/**
 * One recorded request to a block device. A FLUSH may carry data: the flush comes first then, as
 * in the block layer. Order in the file is order of completion.
 */
export interface TraceEntry {
  /** From 0. */
  readonly index: number;
  readonly offsetBytes: number;
  /** Bytes written or discarded; 0 for a bare flush and for a mark. */
  readonly lengthBytes: number;
  readonly flush: boolean;
  /** Durable when it completed. */
  readonly fua: boolean;
  /** The range was trimmed; there is no data. */
  readonly discard: boolean;
  /** Text that the recording left here, e.g. the end of mkfs; "" for every other entry. */
  readonly mark: string;
  /**
   * `lengthBytes` bytes of a write; empty for everything else. Shared by all readers of the trace:
   * nobody changes it.
   */
  readonly data: Uint8Array;
}

/** Does to `volume` what the entry did to the recorded device, caches aside. */
export function applyEntry(volume: Uint8Array, entry: TraceEntry): void {
  if (entry.discard) volume.fill(0, entry.offsetBytes, entry.offsetBytes + entry.lengthBytes);
  else volume.set(entry.data, entry.offsetBytes);
}
