import type { Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";

export interface NbdServerTls {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** With it clients must show a certificate of this authority. */
  readonly ca?: string;
  /** Whether nothing at all is told in the clear. Otherwise TLS is the client's choice. */
  readonly required: boolean;
}

/**
 * The server's side of TLS on a connection that exists. A `TLSSocket` by itself would ask for the
 * client's certificate and not look at it: only a TLS server judges it.
 *
 * Settles when the client has shown what it must. @throws the reason why not
 */
export function securedByServer(raw: Socket, { cert, key, ca }: NbdServerTls): Promise<TLSSocket> {
  const asks = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return new Promise((resolve, reject) => {
    const server = createServer({ cert, key, minVersion: "TLSv1.2", ...asks });
    server.once("secureConnection", resolve);
    server.once("tlsClientError", (error) => reject(error));
    server.emit("connection", raw);
  });
}
