import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type ApiOptions, controlApi } from "./api.ts";

const CONNECTIONS_MAX = 256;
const IDLE_MS = 10;
const CLOSE_MS_MAX = 1_000;
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  /** To receive a request; an answer may take longer. */
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};

export interface ControlServerOptions extends ApiOptions {
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface ControlServer {
  readonly address: string;
  readonly port: number;
  /** Ends every stream, lets answers go out, and then every connection. */
  close(): Promise<void>;
}

/**
 * Serves the control API in the clear: on loopback, or behind something that has TLS.
 * @throws NodeJS.ErrnoException if it cannot listen there
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { address, port, host } = options;
  const listener = getRequestListener(controlApi(options).fetch, { overrideGlobalObjects: false });
  const server = createServer(LIMITS, (...args) => void listener(...args));
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: bound.address,
    port: bound.port,
    close: async () => {
      host.events.close();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      // A connection becomes idle as its last answer goes out.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS);
      const forced = setTimeout(() => server.closeAllConnections(), CLOSE_MS_MAX);
      await closed;
      clearInterval(idle);
      clearTimeout(forced);
    },
  };
}
