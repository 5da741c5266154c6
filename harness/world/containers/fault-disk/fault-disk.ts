import { SimRandom } from "../../sim/sim-random.ts";
import { EventRing } from "./event-ring.ts";
import { PowerGroup } from "./power-group.ts";
import { ServedDisk } from "./served-disk.ts";

const CACHE_BYTES = 16 * 1024 * 1024;

/** A disk to be made. */
export interface DiskSpec {
  /** Unique, as in `a/pvol`; its export has the same name. */
  readonly name: string;
  /** The system that it belongs to. */
  readonly group: string;
  /** Whole sectors; memory is used for what is written only. */
  readonly sizeBytes: number;
  /** Of the run: faults and power losses draw from it as they do in the simulated world. */
  readonly seed: number;
  /** Bound of the volatile cache. */
  readonly cacheBytes?: number;
}

/** A name that is not in use, or is already. */
export class FaultDiskError extends Error {
  readonly status: 404 | 409;

  constructor(status: 404 | 409, message: string) {
    super(message);
    this.name = "FaultDiskError";
    this.status = status;
  }
}

/** All disks of a container world, in memory, by power group. */
export class FaultDisk {
  readonly events = new EventRing();
  readonly #host: string;
  readonly #disks = new Map<string, { readonly disk: ServedDisk; readonly group: PowerGroup }>();
  readonly #groups = new Map<string, PowerGroup>();

  /** @param host where the NBD servers listen */
  constructor(host: string) {
    this.#host = host;
  }

  /** Makes a disk full of zeros. @returns the port at which its group is served @throws FaultDiskError */
  async create(spec: DiskSpec): Promise<number> {
    const { name, sizeBytes, seed, cacheBytes = CACHE_BYTES } = spec;
    if (this.#disks.has(name)) throw new FaultDiskError(409, `disk ${name} is there already`);
    const group = this.#groups.get(spec.group) ?? new PowerGroup(spec.group, this.#host);
    const disk = new ServedDisk({
      name,
      sizeBytes,
      cacheBytes,
      random: new SimRandom(String(seed)).fork(`disk/${name}`),
      onEvent: (event) => this.events.add(event),
      onTorn: () => group.losePower(),
    });
    this.#groups.set(spec.group, group);
    this.#disks.set(name, { disk, group });
    group.disks.set(name, disk);
    await group.powerOn();
    return group.port;
  }

  disks(): readonly ServedDisk[] {
    return [...this.#disks.values()].map(({ disk }) => disk);
  }

  groupsWithoutPower(): readonly string[] {
    return [...this.#groups.values()].filter(({ powered }) => !powered).map(({ name }) => name);
  }

  disk(name: string): ServedDisk {
    const found = this.#disks.get(name);
    if (found === undefined) throw new FaultDiskError(404, `no disk ${name}`);
    return found.disk;
  }

  group(name: string): PowerGroup {
    const found = this.#groups.get(name);
    if (found === undefined) throw new FaultDiskError(404, `no group ${name}`);
    return found;
  }

  /** Forgets every disk, for the next run; event numbers go on. */
  async reset(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.powerOff()));
    for (const { disk } of this.#disks.values()) disk.medium.release();
    this.#disks.clear();
    this.#groups.clear();
  }
}
