export type TraceErrorCode =
  | "TRACE_CATALOG"
  | "TRACE_COMPRESSION"
  | "TRACE_ENTRY"
  | "TRACE_ENTRY_COUNT"
  | "TRACE_MAGIC"
  | "TRACE_MISSING"
  | "TRACE_RANGE"
  | "TRACE_SECTOR_SIZE"
  | "TRACE_TRAILING"
  | "TRACE_TRUNCATED"
  | "TRACE_UNKNOWN"
  | "TRACE_VERSION";

export interface TraceErrorParts {
  /** Where: the file, and inside it the entry and the byte as far as known. */
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  /** What the reader of the message can do about it. */
  readonly remedy: string;
}

/** A recorded trace that cannot be used as it is. The message is one line. See docs/errors.md. */
export class TraceError extends Error {
  readonly code: TraceErrorCode;
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;

  constructor(code: TraceErrorCode, parts: TraceErrorParts, options?: ErrorOptions) {
    super(`${parts.place}: found ${parts.found}, expected ${parts.expected}; ${parts.remedy} [${code}]`, options);
    this.name = "TraceError";
    this.code = code;
    this.place = parts.place;
    this.found = parts.found;
    this.expected = parts.expected;
    this.remedy = parts.remedy;
  }
}
