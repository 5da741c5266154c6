import { programImage } from "../program-image.ts";
import type { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import { FaultDiskClient } from "./fault-disk-client.ts";

const CONTROL_PORT = 8080;

export interface RunningFaultDisk {
  /** Engines reach its disks at `container.address` and the port that `create` gave. */
  readonly container: RunningContainer;
  readonly client: FaultDiskClient;
}

/** Starts the fault disk of a run, without disks. */
export async function startFaultDisk(runtime: ContainerRuntime, network: string): Promise<RunningFaultDisk> {
  const container = await runtime.start({
    name: "fault-disk",
    image: await programImage("fault-disk"),
    network,
    ports: [CONTROL_PORT],
    ready: httpReady(CONTROL_PORT, "/healthz"),
  });
  return { container, client: new FaultDiskClient(`http://127.0.0.1:${container.port(CONTROL_PORT)}`) };
}
