import type { FrontEndDevice } from "../../controller/front-end.ts";
import { localPendingView, pendingView, type TrackView } from "../../controller/reports.ts";
import type { StorageSystem } from "../../controller/storage-system.ts";
import { EngineError } from "../../errors.ts";
import { DiskError } from "../../ports/index.ts";
import type { Volume } from "../../volume/volume.ts";
import type { HostOperation, HostTally, Metrics } from "../control/metrics.ts";
import type { NbdContext, NbdExport, NbdWriteOptions } from "../nbd/nbd-export.ts";
import { DIRTY, DIRTY_BITMAP_PREFIX } from "../nbd/protocol.ts";
import { trackExtents } from "./track-extents.ts";

/** What an export tells of what hosts did, and of bugs. */
export interface ExportWatch {
  readonly metrics: Metrics;
  /** A bug of ours escaped: the engine must stop. */
  fail(error: unknown): void;
}

/**
 * A volume as hosts reach it. Whether it is read-only changes with its pairs: a client is told when it
 * connects, and every request is judged by what holds then.
 */
export class VolumeExport implements NbdExport {
  readonly name: string;
  readonly sizeBytes: number;
  // Every connection ends in the same volume, and a flush of that is one of all that were acknowledged.
  readonly canMultiConn = true;
  readonly hasFastZeroes = false;
  readonly #volume: Volume;
  readonly #system: StorageSystem;
  readonly #device: FrontEndDevice;
  readonly #watch: ExportWatch;
  readonly #tally: HostTally;

  constructor(system: StorageSystem, volume: Volume, watch: ExportWatch) {
    this.#system = system;
    this.#volume = volume;
    this.#watch = watch;
    this.name = volume.name;
    this.sizeBytes = volume.sizeBytes;
    this.#tally = watch.metrics.tally(volume.name);
    this.#device = system.device(volume.name);
  }

  get description(): string {
    return `a volume of ${this.#system.name}`;
  }

  get readOnly(): boolean {
    return this.#volume.access() !== "read-write";
  }

  /** One bitmap a mirror: what its other side may lack. */
  get contexts(): readonly NbdContext[] {
    const { name } = this;
    const remote = this.#system.pairs().filter(({ entry }) => entry.volume === name);
    const local = this.#system.localPairs().filter(({ entry }) => entry.volume === name || entry.mirrorVolume === name);
    return [
      ...remote.map((pair) => this.#bitmap(pair.entry.name, () => pendingView(pair))),
      ...local.map((pair) => this.#bitmap(pair.entry.name, () => localPendingView(pair))),
    ];
  }

  #bitmap(pair: string, view: () => TrackView): NbdContext {
    return {
      name: `${DIRTY_BITMAP_PREFIX}${pair}`,
      extents: (offsetBytes, lengthBytes, countMax) =>
        trackExtents(view(), this.sizeBytes, { offsetBytes, lengthBytes, countMax, marked: DIRTY }),
    };
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#counted("read", lengthBytes, this.#device.read(offsetBytes, lengthBytes));
  }

  write(offsetBytes: number, data: Uint8Array, { fua }: NbdWriteOptions): Promise<void> {
    return this.#counted("write", data.length, this.#device.write(offsetBytes, data, { fua }));
  }

  flush(): Promise<void> {
    return this.#counted("flush", 0, this.#device.flush());
  }

  trim(offsetBytes: number, lengthBytes: number, { fua }: NbdWriteOptions): Promise<void> {
    return this.#counted("trim", lengthBytes, this.#zero(offsetBytes, lengthBytes, fua));
  }

  writeZeroes(offsetBytes: number, lengthBytes: number, { fua }: NbdWriteOptions): Promise<void> {
    return this.#counted("write", lengthBytes, this.#zero(offsetBytes, lengthBytes, fua));
  }

  async #zero(offsetBytes: number, lengthBytes: number, fua: boolean): Promise<void> {
    await this.#device.writeZeroes(offsetBytes, lengthBytes);
    // Zeros have no force unit access of their own.
    if (fua) await this.#device.flush();
  }

  async #counted<T>(operation: HostOperation, bytes: number, request: Promise<T>): Promise<T> {
    try {
      const result = await request;
      this.#tally.served(operation, bytes);
      return result;
    } catch (error) {
      this.#tally.failed(operation);
      if (!isRefusal(error)) this.#watch.fail(error);
      throw error;
    }
  }
}

/** Whether a host caused it, or a device. */
export function isRefusal(error: unknown): boolean {
  return error instanceof EngineError || error instanceof DiskError;
}
