import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NbdPlace } from "../remote-device.ts";
import { MountSpace, mountError } from "./mount-space.ts";

const ATTACHED_MS_MAX = 20_000;
const ASKED_MS = 10;

export interface MountOptions extends NbdPlace {
  readonly exportName: string;
  /** Makes an ext4 file system on it before. */
  readonly format?: boolean;
  readonly readOnly?: boolean;
}

/**
 * An export of an engine, mounted by Linux as ext4: nbdfuse presents it as a file, and a loop device the
 * file as a block device.
 */
export class MountedVolume {
  readonly #space: MountSpace;
  readonly #nbdfuse: ChildProcessWithoutNullStreams;
  /** The mount point, for programs that run in the space. */
  readonly folder: string;

  private constructor(space: MountSpace, nbdfuse: ChildProcessWithoutNullStreams) {
    this.#space = space;
    this.#nbdfuse = nbdfuse;
    this.folder = join(space.folder, "mounted");
  }

  /** @throws ContainerError MOUNT, and nothing is left */
  static async mount({ host, port, exportName, format, readOnly }: MountOptions): Promise<MountedVolume> {
    const space = await MountSpace.create();
    try {
      const device = join(space.folder, "device");
      const pidFile = join(space.folder, "nbdfuse.pid");
      await writeFile(device, "");
      const flags = readOnly === true ? ["-r"] : [];
      const nbdfuse = space.start("nbdfuse", ...flags, "-P", pidFile, device, `nbd://${host}:${port}/${exportName}`);
      await attached(nbdfuse, pidFile);
      const volume = new MountedVolume(space, nbdfuse);
      await mkdir(volume.folder);
      if (format === true) await space.run("mkfs.ext4", "-q", "-F", device);
      await space.run("mount", "-t", "ext4", "-o", readOnly === true ? "loop,ro" : "loop", device, volume.folder);
      return volume;
    } catch (error) {
      await space.close();
      throw error;
    }
  }

  /** Where the mount is for this process. */
  get path(): string {
    return this.#space.outside(this.folder);
  }

  /** A program of the machine that sees the mount. */
  start(program: string, ...args: readonly string[]): ChildProcessWithoutNullStreams {
    return this.#space.start(program, ...args);
  }

  /** As an administrator does: what was written is on the volume afterwards. @throws ContainerError MOUNT */
  async unmount(): Promise<void> {
    try {
      await this.#space.run("umount", this.folder);
      await this.#space.run("umount", join(this.#space.folder, "device"));
      if (this.#nbdfuse.exitCode === null) await once(this.#nbdfuse, "close");
    } finally {
      await this.#space.close();
    }
  }

  /** At once, also when the engine behind it is gone; what was not synced may be lost. Nothing after {@link unmount}. */
  tear(): Promise<void> {
    return this.#space.close();
  }
}

/** The file has its size when nbdfuse has written its pid. */
async function attached(nbdfuse: ChildProcessWithoutNullStreams, pidFile: string): Promise<void> {
  const complaint: Buffer[] = [];
  nbdfuse.stderr.on("data", (bytes: Buffer) => complaint.push(bytes));
  nbdfuse.on("error", (error) => complaint.push(Buffer.from(error.message)));
  const untilMs = performance.now() + ATTACHED_MS_MAX;
  while (!existsSync(pidFile)) {
    if (nbdfuse.exitCode !== null || performance.now() > untilMs)
      throw mountError("nbdfuse", Buffer.concat(complaint).toString().trim() || "no file in time");
    await sleep(ASKED_MS);
  }
}
