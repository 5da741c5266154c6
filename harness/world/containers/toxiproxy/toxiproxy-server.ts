import { TOXIPROXY_IMAGE } from "../base-images.ts";
import type { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import { ToxiproxyApi } from "./toxiproxy-api.ts";

const API_PORT = 8474;

/** The Toxiproxy server of a run. Its proxies listen inside the network only; the harness reaches the API alone. */
export interface ToxiproxyServer {
  readonly container: RunningContainer;
  readonly api: ToxiproxyApi;
}

export async function startToxiproxy(runtime: ContainerRuntime, network: string): Promise<ToxiproxyServer> {
  const container = await runtime.start({
    name: "toxiproxy",
    image: TOXIPROXY_IMAGE,
    command: ["-host=0.0.0.0", "-proxy-metrics"],
    network,
    ports: [API_PORT],
    ready: httpReady(API_PORT, "/version"),
  });
  return { container, api: new ToxiproxyApi(`http://127.0.0.1:${container.port(API_PORT)}`) };
}
