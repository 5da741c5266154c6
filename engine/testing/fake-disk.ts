import { type Disk, DiskError, SECTOR_BYTES, type WriteOptions } from "../ports/index.ts";

/** What becomes of one write. `keeps` says which of its sectors reach the device. */
export type WriteFate =
  | "done"
  /** With `cached` what is kept is in the cache alone: a program that is killed leaves it to the next, and power takes it. */
  | { readonly fails: (sector: number) => boolean; readonly cached?: true }
  /** Power is lost: the write never settles, nor does anything after it. */
  | { readonly crashes: (sector: number) => boolean };

/** What becomes of one flush. It speaks for what had completed when it was asked for. */
export type FlushFate = "done" | "fails" | "crashes";

export interface WriteRequest {
  /** Counts the writes of this disk from 0. */
  readonly index: number;
  readonly offsetBytes: number;
  readonly sectors: number;
}

/**
 * A disk of which a test decides every write. What is neither flushed nor written with force unit
 * access is lost in a crash, all of it: the worst that the contract allows.
 */
export class FakeDisk implements Disk {
  readonly sizeBytes: number;
  /** What a crash leaves. */
  readonly durable: Uint8Array;
  /** What a read gets. */
  readonly visible: Uint8Array;
  /** Asked once a write, when it is to happen; it may wait. */
  decide: (request: WriteRequest) => WriteFate | Promise<WriteFate> = () => "done";
  /** Asked once a flush, as {@link decide}; a crash is one before it has any effect. */
  decideFlush: () => FlushFate | Promise<FlushFate> = () => "done";
  /** What a read waits for; it fails as that does. */
  beforeRead: (offsetBytes: number, lengthBytes: number) => Promise<void> | undefined = () => undefined;
  writes = 0;
  readonly #inFlight = new Set<readonly [startBytes: number, endBytes: number]>();
  /** By sector: which change it holds. */
  readonly #visibleVersions: Float64Array;
  readonly #durableVersions: Float64Array;
  #changes = 0;
  #crashed = false;

  /** @param content as an earlier disk left it */
  constructor(content: Uint8Array | number) {
    this.durable = typeof content === "number" ? new Uint8Array(content) : content.slice();
    this.visible = this.durable.slice();
    this.sizeBytes = this.durable.length;
    this.#visibleVersions = new Float64Array(Math.ceil(this.sizeBytes / SECTOR_BYTES));
    this.#durableVersions = new Float64Array(this.#visibleVersions.length);
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const wait = this.beforeRead(offsetBytes, lengthBytes);
    if (wait !== undefined) await wait;
    if (this.#crashed) await never();
    return this.visible.slice(offsetBytes, offsetBytes + lengthBytes);
  }

  async write(offsetBytes: number, data: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const lengthBytes = data.length;
    const request = { index: this.writes++, offsetBytes, sectors: lengthBytes / SECTOR_BYTES };
    if (!Number.isInteger(request.sectors) || offsetBytes % SECTOR_BYTES !== 0) throw new Error("unaligned write");
    if (offsetBytes + lengthBytes > this.sizeBytes) throw new Error("write outside of the disk");
    const range = [offsetBytes, offsetBytes + lengthBytes] as const;
    for (const [startBytes, endBytes] of this.#inFlight)
      if (startBytes < range[1] && range[0] < endBytes) throw new Error("two writes in flight at once overlap");
    this.#inFlight.add(range);
    const fate = await this.decide(request);
    this.#inFlight.delete(range);
    if (this.#crashed) await never();
    const keeps = fate === "done" ? (): boolean => true : "fails" in fate ? fate.fails : fate.crashes;
    for (let sector = 0; sector < request.sectors; sector++) {
      if (!keeps(sector)) continue;
      const content = data.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
      const at = offsetBytes / SECTOR_BYTES + sector;
      this.visible.set(content, at * SECTOR_BYTES);
      this.#visibleVersions[at] = ++this.#changes;
      // A write that did not complete promised nothing, and may yet have survived.
      const cached = fate === "done" ? options.fua !== true : "fails" in fate && fate.cached === true;
      if (!cached) this.#keep(at, this.#changes, content);
    }
    if (fate === "done") return;
    if ("fails" in fate) throw new DiskError("EIO", offsetBytes, lengthBytes);
    this.#crashed = true;
    await never();
  }

  async flush(): Promise<void> {
    if (this.#crashed) await never();
    const completed = this.visible.slice();
    const versions = this.#visibleVersions.slice();
    const fate = await this.decideFlush();
    if (fate === "fails") throw new DiskError("EIO", 0, this.sizeBytes);
    if (fate === "crashes") this.#crashed = true;
    if (this.#crashed) await never();
    // While it took its time more may have been written, of which it says nothing.
    for (const [sector, version] of versions.entries())
      if (version > (this.#durableVersions[sector] as number))
        this.#keep(sector, version, completed.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES));
  }

  #keep(sector: number, version: number, content: Uint8Array): void {
    this.durable.set(content, sector * SECTOR_BYTES);
    this.#durableVersions[sector] = version;
  }

  async trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    if (this.#crashed) await never();
    this.visible.fill(0, offsetBytes, offsetBytes + lengthBytes);
    this.#visibleVersions.fill(++this.#changes, offsetBytes / SECTOR_BYTES, (offsetBytes + lengthBytes) / SECTOR_BYTES);
  }

  /**
   * The disk as the next program finds it.
   * @param survives of what was not durable; none of it without
   */
  afterCrash(survives: (sector: number) => boolean = () => false): FakeDisk {
    this.#crashed = true;
    for (let sector = 0; sector < this.sizeBytes / SECTOR_BYTES; sector++) {
      const range = [sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES] as const;
      if (survives(sector)) this.durable.set(this.visible.subarray(...range), range[0]);
    }
    return new FakeDisk(this.durable);
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
