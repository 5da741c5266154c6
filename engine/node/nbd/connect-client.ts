import { connect, type Socket } from "node:net";
import { ClientHandshake, type NbdClientTls } from "./client-handshake.ts";
import { NbdError } from "./nbd-error.ts";
import { SlabPool } from "./slab.ts";
import { Wire, WireClosed } from "./wire.ts";

const IDLE_SLAB_BYTES = 4 * 1024 * 1024;

export interface NbdClientOptions {
  readonly host: string;
  readonly port: number;
  /** The default export without. */
  readonly exportName?: string;
  readonly tls?: NbdClientTls;
  /** Contexts to ask for, of which {@link NbdInfo.contexts} tells those that the server has. */
  readonly contexts?: readonly string[];
  /** For the connection and the whole handshake. 10 s by default. */
  readonly connectTimeoutMs?: number;
  /** Requests on their way at once; further ones wait. 128 by default. */
  readonly requestsMax?: number;
  /** Their data, likewise; one request may always be on its way. 32 MiB by default. */
  readonly bytesMax?: number;
  /**
   * The connection counts as lost if requests are under way and nothing at all is heard for so long.
   * Without it a server may take its time, as a disk may; only one that is gone is noticed, by TCP.
   */
  readonly answerTimeoutMs?: number;
}

/** For messages. */
export function addressOf({ host, port, exportName }: NbdClientOptions): string {
  return `${host}:${port}/${exportName ?? ""}`;
}

/**
 * Connects, begins the handshake and goes on with it; what `run` gives is the connection's from then on.
 *
 * @throws NbdError NBD_UNREACHABLE, NBD_TIMEOUT, NBD_PROTOCOL, NBD_TLS, NBD_LOST, and what `run` throws
 */
export async function connectedBy<T>(
  options: NbdClientOptions,
  run: (steps: ClientHandshake, wire: Wire, pool: SlabPool) => Promise<T>,
): Promise<T> {
  const { host, tls, connectTimeoutMs = 10_000 } = options;
  const address = addressOf(options);
  const pool = new SlabPool(IDLE_SLAB_BYTES);
  let late = false;
  const wire = new Wire(pool, (onread) =>
    connect({
      host,
      port: options.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      ...(tls === undefined ? { onread } : {}),
    }),
  );
  const timer = setTimeout(() => {
    late = true;
    wire.drop();
  }, connectTimeoutMs);
  try {
    await connected(wire.socket, address);
    const steps = new ClientHandshake({ wire, address, hostName: host, ...(tls === undefined ? {} : { tls }) });
    await steps.begin();
    return await run(steps, wire, pool);
  } catch (error) {
    wire.drop();
    if (late) throw new NbdError("NBD_TIMEOUT", { address, doing: "connecting", timeoutMs: connectTimeoutMs }, error);
    if (error instanceof WireClosed) throw new NbdError("NBD_LOST", { address, why: error.message }, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function connected(socket: Socket, address: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new NbdError("NBD_UNREACHABLE", { address, why }));
    const onError = (error: Error): void => fail(error.message);
    const onClose = (): void => fail("the connection was closed");
    socket.once("error", onError).once("close", onClose);
    socket.once("connect", () => {
      socket.off("error", onError).off("close", onClose);
      resolve();
    });
  });
}
