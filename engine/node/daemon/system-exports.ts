import type { StorageSystem } from "../../controller/storage-system.ts";
import type { NbdExport, NbdExports } from "../nbd/nbd-export.ts";
import { ImageExport, imageName } from "./image-export.ts";
import { type ExportWatch, VolumeExport } from "./volume-export.ts";

/**
 * What hosts find at a system: every volume but those that the system keeps images and journals on, mirrors
 * and secondaries read-only, and the images that are fixed, as `VOLUME@image`. If there is only one volume, it
 * is the default.
 */
export class SystemExports implements NbdExports {
  readonly #system: StorageSystem;
  readonly #watch: ExportWatch;
  readonly #volumes: ReadonlyMap<string, VolumeExport>;
  readonly #images = new Map<string, ImageExport>();

  constructor(system: StorageSystem, watch: ExportWatch) {
    this.#system = system;
    this.#watch = watch;
    const ofHosts = system.volumes().filter(({ reservedFor }) => reservedFor === "");
    this.#volumes = new Map(ofHosts.map((volume) => [volume.name, new VolumeExport(system, volume, watch)]));
  }

  *exports(): Iterable<NbdExport> {
    yield* this.#volumes.values();
    for (const { volume, state } of this.#system.images()) {
      const image = state === "fixed" ? this.#image(volume.name) : undefined;
      if (image !== undefined) yield image;
    }
  }

  find(name: string): NbdExport | undefined {
    if (name === "") return this.#volumes.size === 1 ? [...this.#volumes.values()][0] : undefined;
    const volume = this.#volumes.get(name);
    if (volume !== undefined) return volume;
    const image = this.#system.images().find((other) => imageName(other.volume.name) === name);
    return image === undefined ? undefined : this.#image(image.volume.name);
  }

  /** All clients of one moment share one export. */
  #image(volume: string): ImageExport | undefined {
    const image = this.#system.images().find((other) => other.volume.name === volume);
    if (image?.state !== "fixed") return undefined;
    const known = this.#images.get(volume);
    if (known?.moment === image.moment) return known;
    const fresh = new ImageExport(image, this.#watch);
    this.#images.set(volume, fresh);
    return fresh;
  }
}
