import { type Random, SECTOR_BYTES } from "../../../engine/ports/index.ts";
import type { EventKind } from "../../history/event-log.ts";
import type { SystemConfig, Target } from "../../target/target.ts";
import { metaBytesOf } from "../meta-bytes.ts";
import type {
  DiskChange,
  DiskRequestNotice,
  DiskView,
  RunWorld,
  UnflushedSector,
  WorldListener,
} from "../run-world.ts";
import type { DiskFault, Injection, WorldDisk } from "../world.ts";
import { defaultTiming, SimDisk } from "./disk/index.ts";
import { SimNetwork, type SimProxy } from "./net/index.ts";
import { Process } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimRandom } from "./sim-random.ts";
import { SimHostStation } from "./sim-host-station.ts";
import { SimSystem } from "./sim-system.ts";
import { SimWorldLink } from "./sim-world-link.ts";
import { metaDiskOf } from "../../plan/meta-disk.ts";

export interface SimWorldOptions {
  readonly scheduler: Scheduler;
  readonly seed: number;
  readonly target: Target;
  /** Volumes have different names, also those of different systems. */
  readonly systems: readonly Omit<SystemConfig, "links">[];
  readonly links: readonly { readonly name: string; readonly dial: string; readonly listen: string }[];
  /** Of the network, one way. */
  readonly latencyNs: number;
  /** Disks assert that a program leaves the buffer of a write alone until it settles. */
  readonly checkBuffers: boolean;
  readonly listener: WorldListener;
}

interface DiskEntry {
  readonly disk: SimDisk;
  readonly system: SimSystem;
  /** By the disk's number for the fault. */
  readonly faultKinds: Map<number, string>;
  /** Of the fault injected last; it may do its damage before the disk has told its number. */
  latestKind: string;
}

/** A world in one process, on virtual time, from one seed. */
export class SimWorld implements RunWorld {
  readonly kind = "sim";
  readonly flushNsMax = Math.ceil(defaultTiming.flushNs * (1 + defaultTiming.jitterRatio));
  readonly unmeasured: RunWorld["unmeasured"] = new Map();
  readonly scheduler: Scheduler;
  readonly systems: readonly SimSystem[];
  readonly #random: SimRandom;
  readonly #systemByName = new Map<string, SimSystem>();
  readonly #systemOfVolume = new Map<string, SimSystem>();
  readonly #links = new Map<string, SimWorldLink>();
  readonly #disks = new Map<string, DiskEntry>();
  readonly #harness: Process;
  readonly #sleepKind: EventKind;

  constructor(options: SimWorldOptions) {
    const { scheduler, seed, target, latencyNs, checkBuffers, listener } = options;
    const random = new SimRandom(String(seed));
    const disk = (name: string, sizeBytes: number): SimDisk =>
      new SimDisk({ scheduler, random, name, sizeBytes, checkBuffers });
    this.scheduler = scheduler;
    this.#random = random;
    this.#harness = new Process(scheduler, "harness");
    this.#sleepKind = scheduler.log.kind("harness.sleep", "delayUs");
    const network = new SimNetwork(scheduler, this.#random.fork("network"), { latencyNsMin: latencyNs });
    for (const { name, listen } of options.links) {
      let proxyCount = 0;
      // One that hangs keeps its name until it is through.
      const makeProxy = (): SimProxy =>
        network.proxy(`${name}/${proxyCount++}`, { listen: `${name}/proxy`, upstream: `${name}/${listen}` });
      const after = (delayNs: number, callback: () => void): (() => void) => this.after(delayNs, callback);
      this.#links.set(name, new SimWorldLink({ name, makeProxy, scheduler, after, listener }));
    }
    this.systems = options.systems.map((parts) => {
      const config = { ...parts, links: linksOf(parts.name, options.links) };
      const disks = new Map<string, SimDisk>();
      for (const { name, sizeBytes } of config.volumes) {
        disks.set(name, disk(`${config.name}/${name}`, sizeBytes));
      }
      const meta = disk(metaDiskOf(config.name), metaBytesOf(config.volumes));
      const system = new SimSystem({
        scheduler,
        network,
        random: this.#random,
        target,
        config,
        disks,
        meta,
        listener,
      });
      this.#systemByName.set(config.name, system);
      this.#disks.set(metaDiskOf(config.name), { disk: meta, system, faultKinds: new Map(), latestKind: "" });
      for (const [volume, data] of disks) {
        this.#disks.set(volume, { disk: data, system, faultKinds: new Map(), latestKind: "" });
        this.#systemOfVolume.set(volume, system);
      }
      return system;
    });
  }

  /** Starts every system; settles when all serve. */
  async start(): Promise<void> {
    for (const system of this.systems) system.start();
    await Promise.all(this.systems.map((system) => system.whenServing()));
  }

  /** From now on every choice is made from the numbers of `salt`. */
  reseed(salt: string): void {
    this.#random.reseed(salt);
  }

  /** The run is over: what its disks held is forgotten, and their memory used again. */
  release(): void {
    for (const { disk } of this.#disks.values()) disk.release();
  }

  nowNs(): number {
    return this.scheduler.nowNs;
  }

  /** Waits in the harness's own process, which nothing kills. */
  settled(): undefined {
    return undefined;
  }

  sleep(delayNs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayNs, resolve));
  }

  /** Calls back after `delayNs`, in the harness's own process; the function returned cancels it. */
  after(delayNs: number, callback: () => void): () => void {
    const event = this.scheduler.schedule(
      delayNs,
      this.#harness,
      this.#sleepKind,
      Math.floor(delayNs / 1000),
      0,
      callback,
    );
    return () => event.cancel();
  }

  random(name: string): Random {
    return this.#random.fork(name);
  }

  system(name: string): SimSystem {
    return found(this.#systemByName.get(name), "system", name);
  }

  /** The system on which the volume lies. */
  systemOfVolume(volume: string): SimSystem {
    return found(this.#systemOfVolume.get(volume), "volume", volume);
  }

  link(name: string): SimWorldLink {
    return found(this.#links.get(name), "link", name);
  }

  /** The simulated disk itself, for who looks at content without time passing. */
  simDisk(name: string): SimDisk {
    return found(this.#disks.get(name), "disk", name).disk;
  }

  view(disk: string): DiskView {
    return this.simDisk(disk);
  }

  onChange(disk: string, listener: (change: DiskChange) => void): void {
    this.simDisk(disk).onChange(listener);
  }

  onDiskRequest(disk: string, listener: (request: DiskRequestNotice) => void): () => void {
    return this.simDisk(disk).onRequest(({ phase, kind }) => {
      if (phase === "started") listener(kind);
    });
  }

  unflushed(disk: string, idOf: (bytes: Uint8Array) => number): UnflushedSector[] {
    return this.simDisk(disk).unflushed(idOf);
  }

  host(volume: string): SimHostStation {
    return new SimHostStation(this.scheduler, this.systemOfVolume(volume), volume);
  }

  /** The kind of the disk fault because of which this sector does not hold what it should. */
  faultAt(name: string, offsetBytes: number): string | undefined {
    const { disk, faultKinds, latestKind } = found(this.#disks.get(name), "disk", name);
    const sectorIndex = Math.floor(offsetBytes / SECTOR_BYTES);
    const damage = disk.damage().find((candidate) => candidate.sectorIndex === sectorIndex);
    return damage === undefined ? undefined : (faultKinds.get(damage.faultId) ?? latestKind);
  }

  disk(name: string): WorldDisk {
    const entry = found(this.#disks.get(name), "disk", name);
    const { disk, system, faultKinds } = entry;
    return {
      name: disk.name,
      sizeBytes: disk.sizeBytes,
      inject: (fault: DiskFault): Injection => {
        entry.latestKind = fault.kind;
        const injected = disk.inject(fault);
        faultKinds.set(injected.faultId, fault.kind);
        if (fault.kind === "torn-write") injected.onEffect(() => system.crash("power"));
        return { heal: () => injected.heal(), effects: () => ({ ...injected.effects() }) };
      },
    };
  }
}

/** The ends of the links that a system has, as its program is told. */
function linksOf(system: string, links: SimWorldOptions["links"]): SystemConfig["links"] {
  const ends: SystemConfig["links"][number][] = [];
  for (const { name, dial, listen } of links) {
    if (dial === system) ends.push({ name, peer: listen, role: "dial", address: `${name}/proxy` });
    if (listen === system) ends.push({ name, peer: dial, role: "listen", address: `${name}/${listen}` });
  }
  return ends;
}

function found<T>(value: T | undefined, what: string, name: string): T {
  if (value === undefined) throw new Error(`no ${what} ${name} in this world`);
  return value;
}
