import { NS_PER_MS, type Random } from "../../../engine/ports/index.ts";
import type { Topology, TopologySystem } from "../../plan/topology.ts";
import { isMetaDisk } from "../../plan/meta-disk.ts";
import type { DiskChange, DiskView, HostStation, RunWorld, WorldListener } from "../run-world.ts";
import { SimRandom } from "../sim/sim-random.ts";
import type { WorldDisk } from "../world.ts";
import { ContainerDisk } from "./container-disk.ts";
import { ContainerLink } from "./container-link.ts";
import { ContainerSystem } from "./container-system.ts";
import type { DiskLook, StoredChange } from "./disk-store.ts";
import { disksOf, linkPorts } from "./engine-config.ts";
import { EngineDeployment } from "./engine-deployment.ts";
import { FaultDiskStore } from "./fault-disk/fault-disk-store.ts";
import { HostTimer } from "./host-timer.ts";
import { Operations } from "./operations.ts";
import { NodeCopies } from "./outside/node-copies.ts";
import { OutsideDeployment, type OutsideDeploymentParts } from "./outside/outside-deployment.ts";
import type { OutsideTarget } from "../../target/outside-target.ts";
import type { Stage } from "./stage.ts";
import type { Deployment } from "./system-place.ts";
import { ProxiedPorts } from "./toxiproxy/proxied-ports.ts";

/** What takes time to make for a world, ahead of it. */
export interface PreparedWorld {
  readonly stage: Stage;
  readonly topology: Topology;
  readonly store: FaultDiskStore;
  readonly deployment: Deployment;
  /** What the nodes keep elsewhere than on disks of ours; none without. */
  readonly copies?: NodeCopies;
  /** One a link. */
  readonly proxies: ReadonlyMap<string, ProxiedPorts>;
}

/** Takes in what all disks hold. Settles with false if that could not be seen: nothing was taken in. */
export type TakeDisks = () => Promise<boolean>;

export interface ContainerWorldOptions {
  readonly seed: number;
  readonly listener: WorldListener;
  /**
   * A look: `take` takes in what all disks held at one moment after it was called, `ask` has the systems say how they
   * are now. Without: one after the other.
   */
  readonly onLook?: (take: TakeDisks, ask: () => Promise<void>) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

const UNMEASURED: RunWorld["unmeasured"] = new Map([
  ["pause-at-most", "a pause is measured in flushes, which have no bound on a shared machine"],
]);

/** Real containers: an engine each, one for all disks, and Toxiproxy between them. */
export class ContainerWorld implements RunWorld {
  readonly kind = "containers";
  /** Its disks are served by a program on a machine that does other things as well. */
  readonly flushNsMax = undefined;
  readonly unmeasured = UNMEASURED;
  readonly systems: readonly ContainerSystem[];
  readonly #options: ContainerWorldOptions;
  readonly #operations: Operations;
  readonly #prepared: PreparedWorld;
  readonly #disks = new Map<string, ContainerDisk>();
  /** As the store has them: `a/pvol`. */
  readonly #byName = new Map<string, ContainerDisk>();
  readonly #links: ReadonlyMap<string, ContainerLink>;
  readonly #systemOfVolume = new Map<string, ContainerSystem>();
  readonly #random: SimRandom;
  readonly #startMs = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  #looking: Promise<boolean> | undefined;

  /**
   * Makes what systems need: disks, places to run at, and a proxy for each link.
   *
   * @param target whose systems they are; the engine of this project without
   * @throws ContainerError
   */
  static async prepare(stage: Stage, topology: Topology, seed: number, target?: OutsideTarget): Promise<PreparedWorld> {
    const { toxiproxy, faultDisk } = stage;
    const isOnDisks = target === undefined || target.capabilities.has("volume-disk");
    const disks = topology.systems.flatMap(disksOf).filter(({ name }) => isOnDisks || isMetaDisk(name));
    const store = await FaultDiskStore.create(
      faultDisk,
      disks.map((disk) => ({ ...disk, seed })),
    );
    const [deployment, copies] =
      target === undefined
        ? [await EngineDeployment.create(stage, topology, store)]
        : deployOutside({ stage, topology, store, target }, isOnDisks);
    const proxies = new Map<string, ProxiedPorts>();
    for (const { name, between } of topology.links) {
      const ports = linkPorts(topology, name, deployment.portsPerLink);
      const upstream = deployment.place(between[1]).address;
      proxies.set(name, await ProxiedPorts.create(toxiproxy.api, name, ports, upstream));
    }
    return { stage, topology, store, deployment, proxies, ...(copies === undefined ? {} : { copies }) };
  }

  constructor(prepared: PreparedWorld, options: ContainerWorldOptions) {
    const { topology, proxies } = prepared;
    const { listener, seed } = options;
    this.#prepared = prepared;
    this.#options = options;
    this.#random = new SimRandom(String(seed));
    const operations = new Operations(options.onFailure);
    this.#operations = operations;
    const look = async (): Promise<void> => void (await this.look());
    this.systems = topology.systems.map((system) => this.#system(system));
    this.#links = new Map(
      topology.links.map(({ name, between }) => {
        const proxy = proxies.get(name);
        if (proxy === undefined) throw new Error(`no proxy for ${name}`);
        const isUpAt = (end: string): boolean => this.system(end).serving?.isUp(name) === true;
        const isUp = (): boolean => between.every(isUpAt);
        const isConnected = (): boolean => between.some(isUpAt);
        const carried = (): number => between.reduce((bytes, end) => bytes + this.system(end).receivedBytes(name), 0);
        return [name, new ContainerLink({ name, proxy, operations, listener, isUp, isConnected, carried, look })];
      }),
    );
  }

  #system(system: TopologySystem): ContainerSystem {
    const { listener } = this.#options;
    const { store, topology, deployment } = this.#prepared;
    const disks = disksOf(system);
    const made = new ContainerSystem({
      name: system.name,
      store,
      operations: this.#operations,
      listener,
      links: topology.links.map(({ name }) => name),
      place: deployment.place(system.name),
      look: async () => void (await this.look()),
    });
    for (const { name, sizeBytes } of disks) {
      const disk = new ContainerDisk(name, sizeBytes, store, this.#operations);
      this.#byName.set(name, disk);
      // As plans name them: volumes by their own name, which is unique, the disk of tables with its system.
      const known = isMetaDisk(name) ? name : name.slice(name.indexOf("/") + 1);
      this.#disks.set(known, disk);
      if (!isMetaDisk(name)) this.#systemOfVolume.set(known, made);
    }
    return made;
  }

  async start(): Promise<void> {
    await Promise.all(this.systems.map((system) => system.start()));
  }

  /** Nodes keep their volumes themselves: no disk of the store holds them. */
  get isKeptByNodes(): boolean {
    return this.#prepared.copies !== undefined;
  }

  nowNs(): number {
    return Math.floor((performance.now() - this.#startMs) * NS_PER_MS);
  }

  sleep(delayNs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayNs, resolve));
  }

  after(delayNs: number, callback: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, delayNs / NS_PER_MS);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  random(name: string): Random {
    return this.#random.fork(name);
  }

  system(name: string): ContainerSystem {
    return found(
      this.systems.find((system) => system.name === name),
      "system",
      name,
    );
  }

  systemOfVolume(volume: string): ContainerSystem {
    return found(this.#systemOfVolume.get(volume), "volume", volume);
  }

  link(name: string): ContainerLink {
    return found(this.#links.get(name), "link", name);
  }

  disk(name: string): WorldDisk {
    return this.#disk(name);
  }

  view(disk: string): DiskView {
    return this.#disk(disk).view;
  }

  faultAt(disk: string): string | undefined {
    return this.#disk(disk).latestFault;
  }

  onChange(disk: string, listener: (change: DiskChange) => void): void {
    this.#disk(disk).onChange(listener);
  }

  onDiskRequest(disk: string, listener: (request: undefined) => void): () => void {
    return this.#disk(disk).onWrite(() => listener(undefined));
  }

  unflushed(): [] {
    return [];
  }

  host(): HostStation {
    return new HostTimer((delayNs) => this.sleep(delayNs));
  }

  /**
   * Settles when the checker knows disks and systems as they were at some moment after the call; with false if what nodes
   * keep themselves could not be seen.
   */
  async look(): Promise<boolean> {
    // The look that is under way may have begun before what its caller wants to be seen.
    while (this.#looking !== undefined) await this.#looking;
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Settles when everything that was injected and healed so far is done. */
  settled(): Promise<void> {
    return this.#operations.settled();
  }

  /** Heals, and takes the engines away. @throws ContainerError NOT_HEALED */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#operations.close();
    await Promise.all(this.systems.map((system) => system.close()));
    const { stage, proxies, deployment, copies } = this.#prepared;
    copies?.close();
    await deployment.close();
    // What is gone has nothing to be healed.
    if (!stage.toxiproxy.hasEnded) for (const proxy of proxies.values()) await proxy.reset();
    await stage.reset();
  }

  async #look(): Promise<boolean> {
    const { onLook = inTurn } = this.#options;
    const { store, copies } = this.#prepared;
    let isSeen = true;
    await onLook(
      async () => {
        this.#take(await store.look());
        const kept = await copies?.look((system) => this.system(system).state === "running");
        isSeen = copies === undefined || kept !== undefined;
        for (const change of kept ?? []) this.#changed(change);
        return isSeen;
      },
      async () => {
        // A paused one would let everybody wait.
        const asked = this.systems.filter(({ state }) => state === "running");
        await Promise.all(asked.flatMap(({ serving }) => serving?.refresh() ?? []));
        for (const link of this.#links.values()) link.looked();
      },
    );
    return isSeen;
  }

  #take({ changes, writes, off }: DiskLook): void {
    for (const change of changes) this.#changed(change);
    for (const [name, count] of writes) this.#byName.get(name)?.wrote(count);
    for (const system of this.systems) if (system.state !== "down" && off.has(system.name)) system.powerLost();
  }

  #changed(change: StoredChange): void {
    this.#byName.get(change.disk)?.changed(change);
  }

  #disk(name: string): ContainerDisk {
    return found(this.#disks.get(name), "disk", name);
  }
}

function found<T>(value: T | undefined, what: string, name: string): T {
  if (value === undefined) throw new Error(`no ${what} ${name} in this world`);
  return value;
}

async function inTurn(take: TakeDisks, ask: () => Promise<void>): Promise<void> {
  await take();
  await ask();
}

/** @param isOnDisks volumes lie on disks of ours; without, nodes keep them */
function deployOutside(parts: OutsideDeploymentParts, isOnDisks: boolean): [OutsideDeployment, NodeCopies?] {
  const deployment = new OutsideDeployment(parts);
  if (isOnDisks) return [deployment];
  const disks = parts.topology.systems.flatMap(disksOf).filter(({ name }) => !isMetaDisk(name));
  return [deployment, new NodeCopies(disks, (system) => deployment.place(system).copies)];
}
