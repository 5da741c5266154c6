import { randomUUID } from "node:crypto";
import type Dockerode from "dockerode";
import { GenericContainer, getContainerRuntimeClient, PullPolicy, type WaitStrategy } from "testcontainers";
import { ContainerError } from "../container-error.ts";
import type { ContainerSpec } from "./container-spec.ts";
import { type Leftover, leftoversOf, removeLeftovers } from "./leftovers.ts";
import { isOrphaned, isOwn, RUN_LABEL, runLabels } from "./owner.ts";
import { RunningContainer } from "./running-container.ts";
import { within } from "./within.ts";

const CALL_MS_MAX = 20_000;
const START_MS_MAX = 60_000;
const CLOSE_ROUNDS_MAX = 5;
/** Longer than any run. */
const NEVER_MS = 24 * 3_600_000;

/**
 * What one run makes on the container engine: networks, volumes, containers, all with the labels of the
 * run. `close` removes them and proves that nothing is left; what a run leaves that crashed, the next
 * {@link ContainerRuntime.connect} sweeps away.
 */
export class ContainerRuntime {
  readonly runId: string;
  readonly #docker: Dockerode;
  readonly #labels: Record<string, string>;

  private constructor(docker: Dockerode, runId: string) {
    this.#docker = docker;
    this.runId = runId;
    this.#labels = runLabels(runId);
  }

  /**
   * Finds the engine and removes what runs left whose process is gone.
   *
   * @throws ContainerError RUNTIME
   */
  static async connect(): Promise<ContainerRuntime> {
    const { container } = await within("search for a container engine", CALL_MS_MAX, () => getContainerRuntimeClient());
    const docker = container.dockerode;
    await sweep(docker);
    return new ContainerRuntime(docker, randomUUID().slice(0, 8));
  }

  /**
   * A private network. Ports that its containers publish are bound to 127.0.0.1.
   *
   * @returns its name, for {@link ContainerSpec.network}
   */
  async network(name: string): Promise<string> {
    const fullName = this.#fullName(name);
    const options = {
      Name: fullName,
      Driver: "bridge",
      Labels: this.#labels,
      Options: { "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1" },
    };
    await within(`network ${name}`, CALL_MS_MAX, (abortSignal) =>
      this.#docker.createNetwork({ ...options, abortSignal }),
    );
    return fullName;
  }

  /** Storage that outlives containers. @returns its name, for {@link ContainerSpec.volumes} */
  async volume(name: string): Promise<string> {
    const fullName = this.#fullName(name);
    await within(`volume ${name}`, CALL_MS_MAX, (abortSignal) =>
      this.#docker.createVolume({ Name: fullName, Labels: this.#labels, abortSignal }),
    );
    return fullName;
  }

  /** What others on its network dial to reach the container that is, or will be, of this name. */
  addressOf(name: string): string {
    return this.#fullName(name);
  }

  /** Starts a container; ends when it is ready. One that fails to start is removed. @throws ContainerError RUNTIME, ENDED */
  async start(spec: ContainerSpec): Promise<RunningContainer> {
    const address = this.#fullName(spec.name);
    const container = this.#describe(spec, address);
    let running: RunningContainer | undefined;
    const strategy = readiness(async (id) => {
      running = new RunningContainer(this.#docker.getContainer(id), spec, address);
      await running.whenReady();
    });
    const readyMsMax = spec.readyMsMax ?? 0;
    await within(`start of container ${spec.name}`, START_MS_MAX + readyMsMax, () =>
      container.withWaitStrategy(strategy).start(),
    );
    if (running === undefined) throw this.#unready(spec.name);
    return running;
  }

  /** Takes the container off its network: silence, but connections survive if it comes back. */
  async disconnect(container: RunningContainer, network: string): Promise<void> {
    await within(`disconnection of container ${container.name}`, CALL_MS_MAX, (abortSignal) =>
      this.#docker.getNetwork(network).disconnect({ Container: container.id, Force: true, abortSignal }),
    );
  }

  /** Ends when it can be reached again; its published ports may be others. */
  async reconnect(container: RunningContainer, network: string): Promise<void> {
    await within(`reconnection of container ${container.name}`, CALL_MS_MAX, () =>
      this.#docker.getNetwork(network).connect({ Container: container.id }),
    );
    await container.whenReady();
  }

  /** Everything of this run that exists: containers, networks, volumes. */
  leftovers(): Promise<readonly Leftover[]> {
    return leftoversOf(this.#docker, `${RUN_LABEL}=${this.runId}`);
  }

  /** Removes everything of this run. @throws ContainerError NOT_HEALED if something stays */
  async close(): Promise<void> {
    let stayed = await this.leftovers();
    // A container that was being made meanwhile holds its network.
    for (let round = 0; round < CLOSE_ROUNDS_MAX && stayed.length > 0; round++) {
      await removeLeftovers(this.#docker, stayed).catch(() => undefined);
      stayed = await this.leftovers();
    }
    if (stayed.length === 0) return;
    throw new ContainerError("NOT_HEALED", {
      place: `run ${this.runId}`,
      found: stayed.map(({ kind, name }) => `${kind} ${name}`).join(", "),
      expected: "nothing left of the run",
      remedy: `docker ps -a --filter label=${RUN_LABEL}=${this.runId}`,
    });
  }

  #describe(spec: ContainerSpec, address: string): GenericContainer {
    const container = new GenericContainer(spec.image)
      .withName(address)
      .withLabels(this.#labels)
      // Not an alias: that would put it on the default network as well, past every proxy.
      .withNetworkMode(spec.network)
      .withExposedPorts(...spec.ports)
      .withPullPolicy(PullPolicy.neverPull())
      // We ask ourselves whether it is ready. An image's own question costs a program of its own every few seconds.
      .withHealthCheck({ test: ["CMD", "true"], interval: NEVER_MS })
      // The reaper of the library cannot be pulled everywhere; we sweep.
      .withAutoCleanup(false);
    if (spec.command !== undefined) container.withCommand([...spec.command]);
    if (spec.environment !== undefined) container.withEnvironment({ ...spec.environment });
    if (spec.linuxCapabilities !== undefined) container.withAddedCapabilities(...spec.linuxCapabilities);
    if (spec.memoryBytes !== undefined) container.withResourcesQuota({ memory: spec.memoryBytes / 1024 ** 3 });
    const mounts = Object.entries(spec.volumes ?? {}).map(([target, source]) => ({ source, target }));
    if (mounts.length > 0) container.withBindMounts(mounts);
    for (const [target, content] of Object.entries(spec.files ?? {}))
      container.withCopyContentToContainer([{ target, content: Buffer.from(content), mode: 0o644 }]);
    return container;
  }

  #fullName(name: string): string {
    return `resilver-${this.runId}-${name}`;
  }

  #unready(name: string): ContainerError {
    const expected = "to be asked whether it is ready";
    const remedy = "report this";
    return new ContainerError("RUNTIME", { place: `container ${name}`, found: "no question", expected, remedy });
  }
}

/** Removes what runs of this process left: those that were interrupted, or failed. @returns what it removed */
export async function removeOwnLeftovers(): Promise<readonly Leftover[]> {
  const { container } = await within("search for a container engine", CALL_MS_MAX, () => getContainerRuntimeClient());
  const own = (await leftoversOf(container.dockerode, RUN_LABEL)).filter(({ labels }) => isOwn(labels));
  await removeLeftovers(container.dockerode, own);
  return own;
}

/** Removes what belongs to processes that are gone. @returns what it removed */
export async function sweep(docker: Dockerode): Promise<readonly Leftover[]> {
  const orphans = (await leftoversOf(docker, RUN_LABEL)).filter(({ labels }) => isOrphaned(labels));
  await removeLeftovers(docker, orphans);
  return orphans;
}

/** Our own question instead of the library's, which wants a shell in the image. */
function readiness(whenReady: (containerId: string) => Promise<void>): WaitStrategy {
  const strategy: WaitStrategy = {
    waitUntilReady: (container) => whenReady(container.id),
    withStartupTimeout: () => strategy,
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => START_MS_MAX,
  };
  return strategy;
}
