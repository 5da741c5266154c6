import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { type BadSector, blameSectors } from "./blame.ts";
import type { ImageRead, VolumeKey } from "./checker.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { Moment } from "./moment.ts";
import { hashSectors } from "./sector-hash.ts";

/** An image that was seen fixed. */
interface Image {
  readonly number: number;
  readonly moment: Moment;
  /** What was read of it so far: hashes by sector. */
  readonly known: Map<number, number>;
}

/**
 * Invariant S of images: all that is read of an image is what its volume held at one moment, that of
 * its being fixed, and every time the same. An image that was given up for want of space is not judged.
 */
export class Images {
  readonly #model: Model;
  /** The volumes that have images, a moment at which each was still as it was last seen, and whether a resync hid it then. */
  readonly #volumes: { readonly disk: DiskState; lookedAt: number; wasHidden: boolean }[];
  readonly #images = new Map<DiskState, Image>();

  constructor(model: Model, volumes: readonly VolumeKey[]) {
    this.#model = model;
    this.#volumes = volumes.map((volume) => ({ disk: model.disk(volume), lookedAt: 0, wasHidden: false }));
  }

  /** Before and after everything that may change a volume: so the moment of an image is known closely. */
  observe(): void {
    if (this.#volumes.length === 0) return;
    this.#model.tick();
    for (const volume of this.#volumes) {
      const { disk, lookedAt, wasHidden } = volume;
      const system = this.#model.live(disk.system);
      if (system === undefined) continue;
      volume.lookedAt = this.#model.saidSince;
      volume.wasHidden = this.#model.mayHideResync(disk);
      const report = system.images().find((image) => image.volume === disk.name);
      const before = this.#images.get(disk);
      if (report?.state !== "fixed") {
        if (before === undefined) continue;
        this.#judge(disk, before);
        this.#images.delete(disk);
        if (report?.state === "lost") this.#model.noteIncident(`the image of ${disk.volume} was given up`);
      } else if (report.moment !== before?.number) {
        if (before !== undefined) this.#judge(disk, before);
        const moment = this.#model.moment(lookedAt, [disk], this.#model.now);
        if (this.#model.isCopy(disk) && !volume.wasHidden) moment.atLeastPresent(disk);
        if (wasHidden) moment.mayBeOverwritten();
        this.#images.set(disk, { number: report.moment, moment, known: new Map() });
      }
    }
  }

  /** A part of an image was read. */
  read({ volume, moment, offsetBytes, data }: ImageRead): void {
    this.observe();
    const disk = this.#model.disk(volume);
    const image = this.#images.get(disk);
    // Released or fixed anew meanwhile: what was read is no one moment.
    if (image?.number !== moment) return;
    const hashes = new Float64Array(data.length / SECTOR_BYTES);
    hashSectors(data, hashes);
    const bad: BadSector[] = [];
    for (const [index, found] of hashes.entries()) {
      const sector = offsetBytes / SECTOR_BYTES + index;
      const before = image.known.get(sector);
      const changed = before !== undefined && before !== found;
      if (changed || !image.moment.allows(disk, sector, found)) {
        const expected = changed ? "what was read of the same image before" : image.moment.describe(disk, sector);
        bad.push({ sector, found, expected });
      } else image.known.set(sector, found);
    }
    this.#report(disk, bad);
  }

  checkAll(): void {
    for (const [disk, image] of this.#images) this.#judge(disk, image);
  }

  /** What the image may hold of a sector; none if there is no image. */
  candidates(disk: DiskState, sector: number): readonly number[] {
    const image = this.#images.get(disk);
    const known = image?.known.get(sector);
    return known === undefined ? (image?.moment.candidates(disk, sector) ?? []) : [known];
  }

  /** The moment of the volume's image. */
  momentOf(disk: DiskState): Moment | undefined {
    return this.#images.get(disk)?.moment;
  }

  #judge(disk: DiskState, { moment, known }: Image): void {
    if (known.size === 0) return;
    const [bad] = moment.judge([{ source: disk, contentOf: (sector) => known.get(sector) }]);
    this.#report(disk, bad ?? []);
  }

  #report(disk: DiskState, bad: readonly BadSector[]): void {
    const { findings, incidents } = this.#model;
    findings.count("S");
    if (bad.length === 0) return;
    const message = `the image is not what the volume held at one moment (${bad.length} sectors)`;
    findings.fail("S", `image of ${disk.volume}`, message, () => blameSectors(disk, bad, incidents));
  }
}
