import { type OnReadOpts, Socket } from "node:net";

/**
 * An accepted socket, made anew so that it reads into memory of its owner.
 *
 * Node.js lets a socket that connects choose where it reads to (`onread`), but not one that a server
 * accepts: that one reads pieces of 64 KiB into memory of their own, and each must be copied to its
 * message, which doubles the cost of a large write. So the system's handle is taken from the
 * accepted socket and given to another. Neither end of that is documented: if this version of
 * Node.js has it otherwise, the accepted socket is used as it is, and only time is lost. It is paused.
 *
 * @param allowHalfOpen of the accepted socket
 */
export function adoptedSocket(accepted: Socket, onread: OnReadOpts, allowHalfOpen: boolean): Socket {
  const inner = accepted as unknown as { _handle?: unknown };
  const handle = inner._handle;
  if (typeof handle !== "object" || handle === null || !("useUserBuffer" in handle)) return accepted;
  inner._handle = null;
  const options: object = { handle, allowHalfOpen, pauseOnCreate: true, readable: true, writable: true, onread };
  const adopted = new Socket(options);
  // The server counts the accepted one among its connections until it is gone.
  adopted.once("close", () => accepted.destroy());
  return adopted;
}
