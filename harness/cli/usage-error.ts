export interface UsageErrorParts {
  /** Where: an option, an argument, a file and the path inside it. */
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  /** What to do about it; may be left out where `expected` says it all. */
  readonly remedy?: string;
}

/** The caller gave something that cannot be used: exit code 254 and one line, no stack. */
export class UsageError extends Error {
  constructor(parts: UsageErrorParts, options?: ErrorOptions) {
    const remedy = parts.remedy === undefined ? "" : `; ${parts.remedy}`;
    super(`${parts.place}: found ${parts.found}, expected ${parts.expected}${remedy}`, options);
    this.name = "UsageError";
  }
}

/**
 * True for every error that a caller can cause: such errors have the fields `found` and
 * `expected`, whichever folder they come from.
 */
export function isCallerError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  if (!(error instanceof Error)) return false;
  return "found" in error && "expected" in error;
}

const LINE_LENGTH_MAX = 1000;

/** `text` as one line that a terminal shows as it is: line breaks and control characters are escaped. */
export function oneLine(text: string): string {
  const escaped = text.replace(/\s*\n\s*/g, " ").replace(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return escaped.length <= LINE_LENGTH_MAX ? escaped : `${escaped.slice(0, LINE_LENGTH_MAX - 1)}…`;
}

/** What the caller typed, for a message: quoted, and short. */
export function quoted(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 79)}…`);
}
