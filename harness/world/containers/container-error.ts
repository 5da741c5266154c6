/**
 * What went wrong between the harness and what it runs on: `IMAGE`: an image is missing or cannot be
 * built; `RUNTIME`: the container engine refused or did not answer; `ENDED`: the program of a container
 * ended by itself while it was started; `TOXIPROXY`: its API did;
 * `NOT_HEALED`: something of a run is left; `FAULT_DISK`: the fault disk refused or did not answer;
 * `MOUNT`: Linux cannot mount a volume.
 */
export type ContainerErrorCode = "IMAGE" | "RUNTIME" | "ENDED" | "TOXIPROXY" | "NOT_HEALED" | "FAULT_DISK" | "MOUNT";

export interface ContainerErrorContext {
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
}

/** A failure of the container world itself, not of the system under test. */
export class ContainerError extends Error {
  readonly code: ContainerErrorCode;
  readonly context: ContainerErrorContext;
  /** As every error has it that whoever called can cause. */
  readonly found: string;
  readonly expected: string;

  constructor(code: ContainerErrorCode, context: ContainerErrorContext, cause?: unknown) {
    const { place, found, expected, remedy } = context;
    super(`${code}: ${place}: found ${found}, expected ${expected}; ${remedy}`, { cause });
    this.name = "ContainerError";
    this.code = code;
    this.context = context;
    this.found = found;
    this.expected = expected;
  }
}
