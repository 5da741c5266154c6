/** What a toxic has really done so far, over all connections. A fault of which nothing is counted had no effect. */
export interface ToxicEffects {
  /** Chunks that it saw. */
  chunks: number;
  /** Bytes that it made wait, or holds back now. */
  bytesDelayed: number;
  /** Bytes that it threw away. */
  bytesDropped: number;
  /** Pieces beyond the first that it cut chunks into. */
  cuts: number;
  /** Ends that it held back. */
  endsDelayed: number;
  /** Connections that it ended. */
  connectionsClosed: number;
}

export function noToxicEffects(): ToxicEffects {
  return { chunks: 0, bytesDelayed: 0, bytesDropped: 0, cuts: 0, endsDelayed: 0, connectionsClosed: 0 };
}
