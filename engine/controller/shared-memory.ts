import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { CopyManagementTable } from "../mirror/copy-management-table.ts";
import { newGeneration, NO_GENERATION } from "../mirror/generation.ts";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { INTENT_LOG_BYTES } from "../mirror/intent-log.ts";
import type { Tracker } from "../mirror/intent-store.ts";
import { Pair } from "../mirror/pair.ts";
import type { Mode, PairEntry, Role } from "../mirror/pair-entry.ts";
import type { Runtime } from "../runtime.ts";
import { NO_REGIONS, type RegionOptions } from "../volume/regions.ts";
import { Volume } from "../volume/volume.ts";
import { type ImageWithRollback, openAreaImage } from "../image/area-image.ts";
import type { Image } from "../image/image.ts";
import type { ImageMethod } from "../image/image-head.ts";
import { openLsnImage } from "../image/lsn-image.ts";
import { PairImage } from "../mirror/pair-image.ts";
import type { ImageConfig, SystemConfig, SystemPorts, VolumeConfig } from "./config.ts";
import { Journals } from "./journals.ts";
import { LocalMirrors } from "./local-mirrors.ts";

/** What a new entry is made of; the rest follows. */
export interface PairDefinition {
  readonly id: number;
  readonly name: string;
  readonly link: string;
  readonly volume: string;
  readonly peerVolume: string;
  readonly mode: Mode;
  readonly tracker: Tracker;
  readonly role: Role;
}

/**
 * The shared control memory of a storage system: its volumes, its copy management table, and the
 * pairs made of both. Front-end, back-end and interconnect meet here and nowhere else.
 */
export class SharedMemory {
  readonly table: CopyManagementTable;
  /** The local mirrors, beside the remote ones that this class keeps itself. */
  readonly locals: LocalMirrors;
  /** Set once, at the start. */
  journals = new Journals();
  readonly #volumes = new Map<string, Volume>();
  readonly #pairs = new Map<string, Pair>();
  readonly #pairsById = new Map<number, Pair>();
  readonly #images = new Map<string, ImageWithRollback>();
  readonly #ports: SystemPorts;
  readonly #runtime: Runtime;
  /** Told of every pair whose durable entry changed. */
  onChange: (pair: Pair) => void = () => {};

  private constructor(table: CopyManagementTable, ports: SystemPorts, runtime: Runtime) {
    this.table = table;
    this.#ports = ports;
    this.#runtime = runtime;
    this.locals = new LocalMirrors(this, ports.meta, runtime);
  }

  /**
   * Reads everything durable.
   * @throws EngineError META_CORRUPT, META_TOO_SMALL, VOLUME_UNKNOWN, IMAGE_AREA_TOO_SMALL, IMAGE_NEEDS_JOURNAL,
   * JOURNAL_TOO_SMALL, JOURNAL_MISFIT
   * @throws DiskError
   */
  static async load(config: SystemConfig, ports: SystemPorts, runtime: Runtime): Promise<SharedMemory> {
    const table = await CopyManagementTable.load(ports.meta, runtime.clock, runtime.log);
    const memory = new SharedMemory(table, ports, runtime);
    for (const volume of config.volumes) {
      const { name, trackBytes } = volume;
      const disk = ports.disks.get(name);
      if (disk === undefined) throw new EngineError("VOLUME_UNKNOWN", { volume: name });
      memory.#volumes.set(name, new Volume(name, disk, trackBytes, runtime, regionsOf(volume)));
    }
    memory.journals = await Journals.open(config.journals ?? [], (name) => memory.volume(name), runtime);
    for (const image of config.images ?? []) memory.#addImage(image);
    for (const entry of table.entries())
      if (entry.copyType === "remote") await memory.#install(entry).load();
      else await memory.locals.load(entry);
    for (const { image } of memory.#images.values())
      if (memory.pairOn(image.volume) === undefined) await image.load(undefined);
    await memory.journals.start();
    for (const pair of memory.pairs()) await pair.image?.start();
    memory.locals.start();
    return memory;
  }

  /** @throws EngineError VOLUME_UNKNOWN */
  volume(name: string): Volume {
    const volume = this.#volumes.get(name);
    if (volume === undefined) throw new EngineError("VOLUME_UNKNOWN", { volume: name });
    return volume;
  }

  volumes(): readonly Volume[] {
    return [...this.#volumes.values()];
  }

  hasVolume(name: string): boolean {
    return this.#volumes.has(name);
  }

  /** @throws EngineError PAIR_UNKNOWN */
  pair(name: string): Pair {
    const pair = this.#pairs.get(name);
    if (pair === undefined) throw new EngineError("PAIR_UNKNOWN", { pair: name });
    return pair;
  }

  /** The remote mirror of a volume. */
  pairOn(volume: Volume): Pair | undefined {
    return this.pairs().find((pair) => pair.volume === volume);
  }

  /** The images that are configured, in that order. */
  images(): readonly Image[] {
    return [...this.#images.values()].map(({ image }) => image);
  }

  /** @throws EngineError VOLUME_UNKNOWN, NO_IMAGE if none is configured */
  image(volume: string): Image {
    const found = this.#images.get(this.volume(volume).name);
    if (found === undefined) throw new EngineError("NO_IMAGE", { volume, why: "none is configured" });
    return found.image;
  }

  #addImage({ volume: name, method, area: areaName = "" }: ImageConfig): void {
    const volume = this.volume(name);
    const image = method === "lsn" ? this.#lsnImage(name) : this.#areaImage(method, volume, this.volume(areaName));
    this.#images.set(name, image);
    // Behind the journal, and in front of the mirrors: what it keeps is durable before they ask what it covers.
    volume.addTap(image.image);
  }

  #lsnImage(volume: string): ImageWithRollback {
    const journal = this.journals.get(volume);
    if (journal === undefined) throw new EngineError("IMAGE_NEEDS_JOURNAL", { volume });
    return openLsnImage(journal, this.#runtime);
  }

  #areaImage(method: Exclude<ImageMethod, "lsn">, volume: Volume, area: Volume): ImageWithRollback {
    const image = openAreaImage(method, volume, area, this.#runtime);
    area.reservedFor = `the image of ${volume.name}`;
    return image;
  }

  pairIfKnown(name: string): Pair | undefined {
    return this.#pairs.get(name);
  }

  pairById(id: number): Pair | undefined {
    return this.#pairsById.get(id);
  }

  /** In the order of their creation. */
  pairs(): readonly Pair[] {
    return [...this.#pairs.values()];
  }

  pairsOn(link: string): readonly Pair[] {
    return this.pairs().filter((pair) => pair.entry.link === link);
  }

  /** @throws EngineError PAIR_EXISTS */
  requireFreshName(name: string): void {
    const taken = this.#pairs.get(name) ?? this.locals.get(name);
    if (taken !== undefined) throw new EngineError("PAIR_EXISTS", { pair: name, volume: taken.entry.volume });
  }

  /** Room on the metadata disk. @throws EngineError META_TOO_SMALL */
  allocateBitmap(lengthBytes: number): number {
    return this.table.allocateBitmap(lengthBytes, [
      ...this.pairs().map(bitmapEndBytes),
      ...this.locals.bitmapEndsBytes(),
    ]);
  }

  /**
   * Makes a pair: an entry and a bitmap with every track marked, both durable when it settles.
   * @throws EngineError PAIR_EXISTS, VOLUME_UNKNOWN, NO_ACCESS, META_TOO_SMALL, TABLE_FULL, DISK_FAILED
   */
  async create(definition: PairDefinition): Promise<Pair> {
    const volume = this.volume(definition.volume);
    this.requireFreshName(definition.name);
    if (volume.reservedFor !== "")
      throw new EngineError("NO_ACCESS", { volume: volume.name, why: `it is reserved for ${volume.reservedFor}` });
    const taken = this.pairOn(volume) ?? this.locals.onMirror(volume);
    if (taken !== undefined) throw new EngineError("PAIR_EXISTS", { pair: taken.entry.name, volume: volume.name });
    const primary = definition.role === "primary";
    const { image } = this.#images.get(volume.name) ?? {};
    const pair = this.#install({
      ...definition,
      copyType: "remote",
      sizeBytes: volume.sizeBytes,
      trackBytes: volume.trackBytes,
      // SIMPLEX → COPY: every track is pending, and the copy begins when the ends have met.
      status: "COPY",
      suspension: "",
      consistent: primary,
      established: false,
      current: primary ? newGeneration(this.#runtime.random) : NO_GENERATION,
      ancestors: [],
      copyFrom: NO_GENERATION,
      wish: "",
      wishAfter: NO_GENERATION,
      takeover: NO_GENERATION,
      shared: false,
      secondaryWritable: false,
      imageVoid: image?.moment ?? 0,
      imageUnread: image?.unread ?? true,
      rolling: false,
      imageTracks: 0,
      bitmapOffsetBytes: this.allocateBitmap(intentStoreBytes(definition.tracker, volume.trackCount)),
    });
    try {
      // The bitmap first: an entry must never point at marks of an earlier pair.
      if (primary) await pair.soilAll();
      else await pair.writeIntents();
      this.table.add(pair.entry);
    } catch (error) {
      await pair.intents.end();
      this.#uninstall(pair);
      throw error;
    }
    await pair.persist();
    return pair;
  }

  /** Undoes {@link create}: every track is marked, and would stay so. */
  async remove(pair: Pair): Promise<void> {
    await pair.intents.end();
    this.#uninstall(pair);
    this.table.remove(pair.entry.name);
    await this.table.persist();
  }

  /**
   * SPLIT → SIMPLEX, durable before the tap goes: until then every change is marked, as long as a crash would bring the
   * pair back. Nobody else may go on with the pair, and its marks are still until their place is free.
   */
  async erase(pair: Pair): Promise<void> {
    await pair.image?.settled();
    this.table.remove(pair.entry.name);
    await this.table.persist();
    await pair.intents.end();
    const release = await pair.volume.locks.drain();
    this.#uninstall(pair);
    pair.connection = undefined;
    pair.image?.end();
    release();
  }

  #install(entry: PairEntry): Pair {
    const volume = this.volume(entry.volume);
    const pair = new Pair(entry, volume, this.table, this.#ports.meta, this.#runtime);
    const image = this.#images.get(volume.name);
    if (image !== undefined) pair.image = new PairImage(pair, image);
    pair.announce = () => this.onChange(pair);
    this.#pairs.set(entry.name, pair);
    this.#pairsById.set(entry.id, pair);
    volume.addTap(pair);
    return pair;
  }

  #uninstall(pair: Pair): void {
    this.#pairs.delete(pair.entry.name);
    this.#pairsById.delete(pair.entry.id);
    pair.volume.removeTap(pair);
  }
}

function bitmapEndBytes({ entry }: Pair): number {
  return entry.bitmapOffsetBytes + intentStoreBytes(entry.tracker, Math.ceil(entry.sizeBytes / entry.trackBytes));
}

function intentStoreBytes(tracker: Tracker, trackCount: number): number {
  return tracker === "lsn" ? INTENT_LOG_BYTES : intentBitmapBytes(trackCount);
}

const HOT_REGIONS_DEFAULT = 256;

function regionsOf({
  trackBytes,
  regionBytes = trackBytes,
  hotRegions = HOT_REGIONS_DEFAULT,
}: VolumeConfig): RegionOptions {
  if (regionBytes === trackBytes) return NO_REGIONS;
  assert(regionBytes > trackBytes && regionBytes % trackBytes === 0, "a region is a number of tracks");
  return { tracks: regionBytes / trackBytes, hotMax: hotRegions };
}
