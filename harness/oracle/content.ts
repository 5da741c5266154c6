/** What a volume holds, as it stands; every byte outside the ranges is zero. */
export interface Content {
  readonly sizeBytes: number;
  /** In any order, not overlapping; ascending and adjacent ones are written together. Data stays as it is until the iteration ends. */
  ranges(): Iterable<ContentRange>;
}

export interface ContentRange {
  readonly offsetBytes: number;
  readonly data: Uint8Array;
}

/** The whole of `bytes` as content. */
export function denseContent(bytes: Uint8Array): Content {
  return { sizeBytes: bytes.length, ranges: () => [{ offsetBytes: 0, data: bytes }] };
}
