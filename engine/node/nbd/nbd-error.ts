/** Every error that the user of an NBD client can cause or meet: code → what it tells. */
export interface NbdErrorContexts {
  /** Nobody answers there. */
  NBD_UNREACHABLE: { address: string; why: string };
  /** The server did not answer in time. */
  NBD_TIMEOUT: { address: string; doing: string; timeoutMs: number };
  /** The other end does not keep to the protocol. */
  NBD_PROTOCOL: { address: string; found: string; expected: string };
  /** The server refused an option of the handshake. */
  NBD_REFUSED: { address: string; option: string; reply: string; message: string };
  /** TLS was asked for, and could not be had. */
  NBD_TLS: { address: string; why: string };
  /** The connection ended; requests under way may or may not have been carried out. */
  NBD_LOST: { address: string; why: string };
  /** The server refused a request, with this error number. */
  NBD_FAILED: {
    address: string;
    command: string;
    offsetBytes: number;
    lengthBytes: number;
    errno: string;
    message: string;
  };
  /** The export cannot do that, as the server said when the client connected. */
  NBD_UNSUPPORTED: { address: string; command: string };
  /** Too many requests wait already. */
  NBD_BUSY: { address: string; waiting: number };
}

export type NbdErrorCode = keyof NbdErrorContexts;

const remedies: Readonly<Record<NbdErrorCode, string>> = {
  NBD_UNREACHABLE: "start the server, or correct the address",
  NBD_TIMEOUT: "look whether the server is overloaded, or something else listens there",
  NBD_PROTOCOL: "connect to an NBD server of the fixed newstyle",
  NBD_REFUSED: "ask for an export that the server has, with what it requires",
  NBD_TLS: "give both ends keys of one authority, or connect without TLS if the server allows it",
  NBD_LOST: "connect again, and take unanswered writes for written or not written",
  NBD_FAILED: "look at the server's log",
  NBD_UNSUPPORTED: "do without, or use another export",
  NBD_BUSY: "wait for requests to complete",
};

/** What went wrong between an NBD client and its server, with what to do. */
export class NbdError<C extends NbdErrorCode = NbdErrorCode> extends Error {
  readonly code: C;
  readonly context: NbdErrorContexts[C];
  readonly remedy: string;

  constructor(code: C, context: NbdErrorContexts[C], cause?: unknown) {
    const told = Object.entries(context).map(([name, value]) => `${name}=${String(value)}`);
    super(`${code} ${told.join(" ")}: ${remedies[code]}`, cause === undefined ? {} : { cause });
    this.name = "NbdError";
    this.code = code;
    this.context = context;
    this.remedy = remedies[code];
  }
}
