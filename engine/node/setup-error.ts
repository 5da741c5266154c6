/** What an operator can have set up wrong before anything runs. `docs/errors.md` has one heading a code. */
export type SetupErrorCode =
  | "ADDRESS_UNUSABLE"
  | "CONFIG_INVALID"
  /** A second program has the file or device open. */
  | "DISK_IN_USE"
  /** This machine has no way to make sure that nobody else has it open. */
  | "DISK_LOCK_FAILED"
  | "DISK_MISSING"
  | "DISK_SIZE"
  /** Neither a regular file nor a block device, or not to be opened for reading and writing. */
  | "DISK_UNUSABLE"
  | "LINK_ADDRESS"
  | "LINK_TLS"
  | "KEYS_EXIST"
  | "KEYS_FOLDER"
  | "KEYS_NAME"
  | "TOKEN_FILE";

export interface SetupErrorParts {
  /** Where: a file, an option, an address. */
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
}

/** A refusal before anything was changed. */
export class SetupError extends Error {
  readonly code: SetupErrorCode;
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;

  constructor(code: SetupErrorCode, { place, found, expected, remedy }: SetupErrorParts, options?: ErrorOptions) {
    super(`${code} ${place}: found ${found}, expected ${expected}; ${remedy}`, options);
    this.name = "SetupError";
    this.code = code;
    this.place = place;
    this.found = found;
    this.expected = expected;
    this.remedy = remedy;
  }
}

/** The code of a Node.js system error (`ENOENT`), or the error's text if it has none. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return String(error);
}
