/** What a proxy has really done so far. */
export interface ProxyEffects {
  connectionsAccepted: number;
  /** Clients turned away while it was down. */
  connectionsRefused: number;
  /** Upstream dials that failed: the client saw a connection and its end. */
  dialsFailed: number;
  /** Connections that taking it down cut. */
  connectionsClosed: number;
  /** Bytes that taking it down lost inside it. */
  bytesLost: number;
  /** Bytes lost while a toxic was deleted towards a receiver that took nothing. */
  bytesGivenUp: number;
  /** Bytes written to the upstream, and to clients. */
  bytesUpstream: number;
  bytesDownstream: number;
}

export function noProxyEffects(): ProxyEffects {
  return {
    connectionsAccepted: 0,
    connectionsRefused: 0,
    dialsFailed: 0,
    connectionsClosed: 0,
    bytesLost: 0,
    bytesGivenUp: 0,
    bytesUpstream: 0,
    bytesDownstream: 0,
  };
}
