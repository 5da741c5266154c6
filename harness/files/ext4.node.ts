import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { type Ext2fs, type Ext2fsMount, loadExt2fs } from "./ext2fs-library.node.ts";
import {
  type BlockDevice,
  type ByteRun,
  type FileSystem,
  type FileSystems,
  FileSystemError,
  type MountOptions,
} from "./file-system.ts";
import { PageCache } from "./page-cache.ts";

/** Reading a file must not change the volume: without an access time. Numbers of the library. */
const READ_FLAGS = 0 | 0o1000000;
const WRITE_CHUNK_BYTES = 64 * 1024;
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

let blankRuns: readonly ByteRun[] | undefined;

/** ext4, with metadata checksums and a journal that is empty, as libext2fs reads and writes it. */
export const ext4: FileSystems = { blank, mount };

/** How the image was made is written in `fixtures/blank-ext4.txt`. */
function blank(): readonly ByteRun[] {
  if (blankRuns !== undefined) return blankRuns;
  const image = gunzipSync(readFileSync(new URL("./fixtures/blank-ext4.img.gz", import.meta.url)));
  const runs: ByteRun[] = [];
  for (let from = 0; from < image.length; from += SECTOR_BYTES) {
    if (isZero(image, from)) continue;
    let to = from + SECTOR_BYTES;
    while (to < image.length && !isZero(image, to)) to += SECTOR_BYTES;
    runs.push({ offsetBytes: from, data: Uint8Array.from(image.subarray(from, to)) });
    from = to;
  }
  blankRuns = runs;
  return runs;
}

function isZero(image: Uint8Array, at: number): boolean {
  return image.subarray(at, at + SECTOR_BYTES).every((byte) => byte === 0);
}

async function mount(device: BlockDevice, { access, nowMs }: MountOptions): Promise<FileSystem> {
  const cache = new PageCache(device, access === "read-only");
  const library = loadExt2fs(nowMs);
  const mounted = new Ext4(library, cache);
  await mounted.open();
  return mounted;
}

class Ext4 implements FileSystem {
  readonly #library: Ext2fs;
  readonly #cache: PageCache;
  #mounted: Ext2fsMount | undefined;
  /** What the device said; the library itself only tells of an EIO. */
  #deviceFailure: unknown;

  constructor(library: Ext2fs, cache: PageCache) {
    this.#library = library;
    this.#cache = cache;
  }

  async open(): Promise<void> {
    const cache = this.#cache;
    this.#mounted = await this.#call("/", () =>
      this.#library.mount({
        read: (into, at, lengthBytes, offsetBytes) =>
          this.#noted(cache.read(offsetBytes, into.subarray(at, at + lengthBytes))),
        write: (from, at, lengthBytes, offsetBytes) =>
          this.#noted(cache.write(offsetBytes, from.subarray(at, at + lengthBytes))),
        // What is free may hold anything.
        discard: () => Promise.resolve(),
        // All is written back at once when the file system is dismounted.
        flush: () => Promise.resolve(),
      }),
    );
  }

  async list(): Promise<readonly string[]> {
    const { promises } = this.#required();
    const files: string[] = [];
    const visit = async (directory: string): Promise<void> => {
      for (const name of (await promises.readdir(directory === "" ? "/" : directory)).sort()) {
        const path = `${directory}/${name}`;
        if (path === "/lost+found") continue;
        const stat = await promises.stat(path);
        if (stat.isDirectory()) await visit(path);
        else if (stat.isFile()) files.push(path);
      }
    };
    await this.#call("/", () => visit(""));
    return files.sort();
  }

  read(path: string): Promise<Uint8Array> {
    const { promises } = this.#required();
    return this.#call(path, async () => {
      const { size } = await promises.stat(path);
      const into = Buffer.alloc(size);
      const { fd } = await promises.open(path, READ_FLAGS);
      const { bytesRead } = await promises.read(fd, into, 0, size, 0);
      await promises.close(fd);
      if (bytesRead !== size) throw new Error(`${bytesRead} bytes read of ${size}`);
      return new Uint8Array(into.buffer, into.byteOffset, size);
    });
  }

  write(path: string, data: Uint8Array): Promise<void> {
    const { promises } = this.#required();
    return this.#call(path, async () => {
      for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
        const directory = path.slice(0, at);
        if (!(await this.#exists(directory))) await promises.mkdir(directory, DIRECTORY_MODE);
      }
      const { fd } = await promises.open(path, "w", FILE_MODE);
      for (let at = 0; at < data.length; at += WRITE_CHUNK_BYTES) {
        const chunk = Buffer.from(data.subarray(at, at + WRITE_CHUNK_BYTES));
        const { bytesWritten } = await promises.write(fd, chunk, 0, chunk.length, at);
        if (bytesWritten !== chunk.length) throw new Error(`${bytesWritten} bytes written of ${chunk.length}`);
      }
      await promises.close(fd);
    });
  }

  remove(path: string): Promise<void> {
    return this.#call(path, () => this.#required().promises.unlink(path));
  }

  async close(): Promise<void> {
    const mounted = this.#required();
    this.#mounted = undefined;
    await this.#call("/", () => this.#library.umount(mounted));
    await this.#cache.sync();
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#required().promises.stat(path);
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
  }

  #required(): Ext2fsMount {
    if (this.#mounted === undefined) throw new Error("the file system is not mounted");
    return this.#mounted;
  }

  async #noted(request: Promise<void>): Promise<void> {
    try {
      await request;
    } catch (error) {
      this.#deviceFailure ??= error;
      throw error;
    }
  }

  async #call<T>(path: string, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      const cause = this.#deviceFailure ?? error;
      if (cause instanceof FileSystemError) throw cause;
      throw new FileSystemError(path, cause instanceof Error ? cause.message : String(cause));
    }
  }
}
