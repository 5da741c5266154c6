/** A container to be started. */
export interface ContainerSpec {
  /** Within its run; others of the run reach it by {@link RunningContainer.address}. */
  readonly name: string;
  readonly image: string;
  /** Instead of the image's own arguments. */
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The name that {@link ContainerRuntime.network} gave; its only network. */
  readonly network: string;
  /** Ports that the harness uses; published on 127.0.0.1 only. */
  readonly ports: readonly number[];
  /** Path in the container → name of a volume of the run. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Path in the container → content; written before the first start. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly memoryBytes?: number;
  /** Linux capabilities beside those that every container has: `SYS_ADMIN`. */
  readonly linuxCapabilities?: readonly string[];
  /**
   * Asked again and again until true, after each start.
   *
   * @param port gives the published port for one of the container
   */
  readonly ready: (port: (containerPort: number) => number) => Promise<boolean>;
  readonly readyMsMax?: number;
}

/** The container answers this request with a status below 400. */
export function httpReady(containerPort: number, path: string): ContainerSpec["ready"] {
  return async (port) => {
    const url = `http://127.0.0.1:${port(containerPort)}${path}`;
    try {
      return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
    } catch {
      return false;
    }
  };
}
