/**
 * An ordered byte stream between two systems, as TCP gives it.
 *
 * **Order.** Bytes arrive in the order written, each at most once. Nothing else is promised: the
 * stream can stall for ever, end between any two bytes, or be *half-open* (one side gone without a
 * word, writes still accepted). Chunks that arrive are not the chunks that were written.
 *
 * **Flow.** `write` settles when the local end has taken the bytes (not when they arrive) and is
 * the only back-pressure. Reads are pulled: bytes that nobody reads fill the buffers on the way.
 *
 * **End.** After the peer's orderly close and the last byte before it, `read` gives `undefined`.
 * After a reset `read` and `write` reject with {@link LinkError}. Neither tells what arrived.
 */
export interface Link {
  /** The next bytes, at least one, plain as those of a disk; `undefined` at the end. One read at a time. @throws LinkError */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Queues `bytes`; they must not change afterwards. Calls may be made without waiting and keep
   * their order. @throws LinkError RESET, CLOSED
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The reader needs no more the first so many bytes, of those that it has read and not given back: a link that can
   * uses their memory again. A reader that never says so has all of them for itself.
   */
  giveBack?(lengthBytes: number): void;
  /** Ends both directions; queued bytes are still sent. Pending reads end. Idempotent. */
  close(): void;
}

/** Where links come from. `address` is a name that the deployment chose for one direction of dialling. */
export interface LinkEndpoint {
  /** @throws LinkError REFUSED, TIMEOUT */
  dial(address: string): Promise<Link>;
  /** Takes every link dialled to `address`, until the listener is closed. At most one listener an address. */
  listen(address: string, onLink: (link: Link) => void): Listener;
}

export interface Listener {
  close(): void;
}

export type LinkErrorCode = "REFUSED" | "TIMEOUT" | "RESET" | "CLOSED";

/** A connection that could not be made, or that is gone. */
export class LinkError extends Error {
  readonly code: LinkErrorCode;

  constructor(code: LinkErrorCode, message: string) {
    super(message);
    this.name = "LinkError";
    this.code = code;
  }
}
