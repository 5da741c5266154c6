export type NetworkErrorCode = "PARAMETER" | "UNKNOWN_NAME" | "DUPLICATE_NAME" | "ADDRESS_IN_USE" | "TOXIPROXY_PANICS";

export interface NetworkErrorContext {
  readonly place: string;
  readonly found: string;
  readonly expected: string;
}

/** Something that the caller asked of the simulated network and that it cannot do. */
export class NetworkError extends Error {
  readonly code: NetworkErrorCode;
  readonly context: NetworkErrorContext;

  constructor(code: NetworkErrorCode, context: NetworkErrorContext) {
    super(`${context.place}: found ${context.found}, expected ${context.expected}`);
    this.name = "NetworkError";
    this.code = code;
    this.context = context;
  }
}
