import type { ImageConfig, JournalConfig, LinkConfig, SystemConfig } from "../controller/config.ts";
import { StorageSystem } from "../controller/storage-system.ts";
import {
  type Clock,
  type LinkEndpoint,
  LinkError,
  type Log,
  NS_PER_MS,
  SECTOR_BYTES,
  sleep,
  type StepFields,
} from "../ports/index.ts";
import { FakeClock } from "./fake-clock.node.ts";
import { FakeDisk } from "./fake-disk.ts";
import { MemoryNetwork } from "./memory-network.node.ts";
import { type TestRuntime, testRuntime } from "./test-runtime.node.ts";

const META_BYTES = 64 * 1024;

/** What the systems of a {@link Site} are made of. Volumes are all of one size. */
export interface SitePlan {
  readonly sizeBytes: number;
  readonly trackBytes: number;
  /** By system: its volumes. */
  readonly systems: Readonly<Record<string, readonly string[]>>;
  /** By volume: its size, if it is another one. */
  readonly sizesBytes?: Readonly<Record<string, number>>;
  /** By volume: the size of its tracks, if it is another one. */
  readonly tracksBytes?: Readonly<Record<string, number>>;
  /** By system: its images. */
  readonly images?: Readonly<Record<string, readonly ImageConfig[]>>;
  /** By system: its journals. */
  readonly journals?: Readonly<Record<string, readonly JournalConfig[]>>;
  /** By link: who dials, who listens. */
  readonly links?: Readonly<Record<string, readonly [dials: string, listens: string]>>;
}

/** One incarnation of a system. */
export interface Incarnation {
  readonly system: StorageSystem;
  readonly runtime: TestRuntime;
  readonly disks: ReadonlyMap<string, FakeDisk>;
  readonly meta: FakeDisk;
  readonly stop: () => void;
}

/** Systems that lose power and come back, on links in memory. */
export class Site {
  readonly network = new MemoryNetwork();
  readonly #clock = new FakeClock();
  readonly #plan: SitePlan;
  /** How long a read of a volume takes; one of the metadata disk takes three times as long. */
  readNs = 0;
  readonly #running = new Map<string, Incarnation>();
  #draws = 0;
  /** Told of every step of every system, when it takes it. */
  onStep: (system: string, step: string, fields: StepFields) => void = () => {};

  constructor(plan: SitePlan) {
    this.#plan = plan;
  }

  static async open(plan: SitePlan): Promise<Site> {
    const site = new Site(plan);
    for (const [name, volumes] of Object.entries(plan.systems))
      await site.start(
        name,
        new Map(volumes.map((volume) => [volume, new FakeDisk(plan.sizesBytes?.[volume] ?? plan.sizeBytes)])),
      );
    return site;
  }

  at(name: string): Incarnation {
    const incarnation = this.#running.get(name);
    if (incarnation === undefined) throw new Error(`${name} does not run`);
    return incarnation;
  }

  disk(system: string, volume: string): FakeDisk {
    return this.at(system).disks.get(volume) as FakeDisk;
  }

  async start(name: string, disks: ReadonlyMap<string, FakeDisk>, meta = new FakeDisk(META_BYTES)): Promise<void> {
    const { trackBytes, tracksBytes = {}, links = {}, images = {}, journals = {} } = this.#plan;
    const config: SystemConfig = {
      name,
      volumes: [...disks].map(([volume, { sizeBytes }]) => ({
        name: volume,
        sizeBytes,
        trackBytes: tracksBytes[volume] ?? trackBytes,
      })),
      images: images[name] ?? [],
      journals: journals[name] ?? [],
      links: Object.entries(links).flatMap(([link, ends]) => linkOf(name, link, ends)),
    };
    for (const disk of [...disks.values(), meta])
      disk.beforeRead = () => (this.readNs > 0 ? this.sleep(this.readNs * (disk === meta ? 3 : 1)) : undefined);
    // No two incarnations draw the same generations.
    const heard = testRuntime(this.#clock, 0x0100_0000 * this.#draws++);
    const log: Log = {
      step: (step, fields) => {
        heard.log.step(step, fields);
        this.onStep(name, step, fields);
      },
    };
    const runtime = { ...heard, log };
    const life = new Life(this.#clock, this.network);
    const ports = { ...runtime, clock: life.clock, disks, meta, links: life.links };
    const system = await this.run(StorageSystem.start(config, ports, runtime.tasks));
    this.#running.set(name, { system, runtime, disks, meta, stop: () => life.end() });
  }

  /** Loses power and starts again. @param survives whether a sector that was not durable is there afterwards */
  async crash(name: string, survives: (sector: number) => boolean = () => false): Promise<void> {
    const { disks, meta, stop } = this.at(name);
    stop();
    this.#running.delete(name);
    let at = 0;
    const next = (disk: FakeDisk): FakeDisk => {
      const first = at;
      at += disk.sizeBytes / SECTOR_BYTES;
      return disk.afterCrash((sector) => survives(first + sector));
    };
    await this.start(name, new Map([...disks].map(([volume, disk]) => [volume, next(disk)])), next(meta));
  }

  /** Lets time pass until `work` settles. @throws what it rejects with; Error after a virtual hour */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    void work.then(settle, settle);
    await this.#clock.pass(0);
    await this.until(() => settled);
    return work;
  }

  async until(reached: () => boolean): Promise<void> {
    for (let round = 0; round < 36_000; round++) {
      if (reached()) return;
      for (const { runtime } of this.#running.values()) if (runtime.escaped[0] !== undefined) throw runtime.escaped[0];
      await this.#clock.pass(100 * NS_PER_MS);
    }
    throw new Error("an hour has passed");
  }

  sleep(delayNs: number): Promise<void> {
    return sleep(this.#clock, delayNs);
  }

  pass(deltaNs: number): Promise<void> {
    return this.#clock.pass(deltaNs);
  }
}

function linkOf(name: string, link: string, [dials, listens]: readonly [string, string]): readonly LinkConfig[] {
  if (name === dials) return [{ name: link, peer: listens, role: "dial", address: link }];
  return name === listens ? [{ name: link, peer: dials, role: "listen", address: link }] : [];
}

/** What a program has of the world while it lives: dead, it hears and does nothing. */
class Life {
  readonly clock: Clock;
  readonly links: LinkEndpoint;
  readonly #ends = new Set<() => void>();
  #over = false;

  constructor(clock: Clock, network: LinkEndpoint) {
    this.clock = {
      monotonicNs: () => clock.monotonicNs(),
      wallMs: () => clock.wallMs(),
      after: (delayNs, callback) =>
        clock.after(delayNs, () => {
          if (!this.#over) callback();
        }),
    };
    this.links = {
      dial: async (address) => {
        if (this.#over) throw new LinkError("REFUSED", "the program is dead");
        const link = await network.dial(address);
        this.#ends.add(() => link.close());
        return link;
      },
      listen: (address, onLink) => {
        const listener = network.listen(address, (link) => {
          this.#ends.add(() => link.close());
          onLink(link);
        });
        this.#ends.add(() => listener.close());
        return listener;
      },
    };
  }

  end(): void {
    this.#over = true;
    for (const end of this.#ends) end();
  }
}
