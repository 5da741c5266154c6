/** What a proxy's reader got in one read, or a piece of that. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** When it was read; a latency toxic moves it on to when it was due. */
  timestampNs: number;
}
