import type { Image } from "../../image/image.ts";
import { NbdExportError, type NbdContext, type NbdExport } from "../nbd/nbd-export.ts";
import { type ExportWatch, isRefusal } from "./volume-export.ts";

/** What an image of a volume is called. */
export function imageName(volume: string): string {
  return `${volume}@image`;
}

/** One image as hosts reach it. When it is gone, or is of another moment, its clients get errors, not other content. */
export class ImageExport implements NbdExport {
  readonly name: string;
  readonly description: string;
  readonly sizeBytes: number;
  readonly readOnly = true;
  readonly canMultiConn = true;
  readonly hasFastZeroes = false;
  readonly contexts: readonly NbdContext[] = [];
  /** Identifies what this is an image of. */
  readonly moment: number;
  readonly #image: Image;
  readonly #watch: ExportWatch;

  constructor(image: Image, watch: ExportWatch) {
    this.#image = image;
    this.#watch = watch;
    this.moment = image.moment;
    this.name = imageName(image.volume.name);
    this.description = `the image of ${image.volume.name}, moment ${image.moment}`;
    this.sizeBytes = image.volume.sizeBytes;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    try {
      this.#requireMoment();
      const data = await this.#image.read(offsetBytes, lengthBytes);
      this.#requireMoment();
      this.#watch.metrics.tally(this.name).served("read", lengthBytes);
      return data;
    } catch (error) {
      this.#watch.metrics.tally(this.name).failed("read");
      if (!isRefusal(error) && !(error instanceof NbdExportError)) this.#watch.fail(error);
      throw error;
    }
  }

  #requireMoment(): void {
    if (this.#image.moment !== this.moment)
      throw new NbdExportError("EIO", `the image is of moment ${this.#image.moment} now, not of ${this.moment}`);
  }

  async flush(): Promise<void> {
    // There is nothing to make durable.
  }

  write(): Promise<never> {
    return this.#refused();
  }

  trim(): Promise<never> {
    return this.#refused();
  }

  writeZeroes(): Promise<never> {
    return this.#refused();
  }

  #refused(): Promise<never> {
    return Promise.reject(new NbdExportError("EPERM", `${this.name} is read-only`));
  }
}
