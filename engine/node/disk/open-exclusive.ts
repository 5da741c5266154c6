import { constants } from "node:fs";
import { close, fsync, ftruncate, fstat, open, type Stats } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { SetupError, systemCode } from "../setup-error.ts";
import { lockFile } from "./lock-file.ts";

const openAsync = promisify(open);
const closeAsync = promisify(close);
const statAsync = promisify(fstat);
const truncateAsync = promisify(ftruncate);
const fsyncAsync = promisify(fsync);

export interface OpenOptions {
  readonly path: string;
  readonly sizeBytes: number;
  readonly create?: boolean;
}

/**
 * Opens a file or block device so that no other program has it as a disk, and sees that its size fits.
 *
 * A file that is made is durable, with its size and its name, when this settles. An empty one counts as
 * not yet made: power may have been lost between the making and the sizing.
 *
 * @returns a descriptor for reading and writing, of which closing ends the claim; and whether the file was made now
 * @throws SetupError DISK_MISSING, DISK_UNUSABLE, DISK_SIZE, DISK_IN_USE, DISK_LOCK_FAILED
 */
export async function openExclusive({
  path,
  sizeBytes,
  create = false,
}: OpenOptions): Promise<{ readonly fd: number; readonly isNew: boolean }> {
  const fd = await openPath(path, create);
  try {
    const stats = await statAsync(fd);
    if (stats.isBlockDevice()) {
      const foundBytes = await deviceBytes(stats);
      if (foundBytes < sizeBytes) throw wrongSize(path, foundBytes, `${sizeBytes} bytes or more`);
    } else if (stats.isFile()) {
      lockFile(fd, path);
      // Not before the lock: its owner may have been about to size it.
      const { size } = await statAsync(fd);
      if (size === 0 && create) {
        await makeDurable(fd, path, sizeBytes);
        return { fd, isNew: true };
      }
      if (size !== sizeBytes) throw wrongSize(path, size, `${sizeBytes} bytes`);
    } else throw unusable(path, "something that is neither a file nor a block device");
    return { fd, isNew: false };
  } catch (error) {
    await closeAsync(fd);
    throw error;
  }
}

async function openPath(path: string, create: boolean): Promise<number> {
  const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0);
  try {
    const fd = await openAsync(path, flags, 0o600);
    const stats = await statAsync(fd);
    if (!stats.isBlockDevice()) return fd;
    // Of a device every container has a node of its own, and locks are on the node. O_EXCL without
    // O_CREAT claims the device itself, which also keeps a mounted one out.
    await closeAsync(fd);
    return await openAsync(path, constants.O_RDWR | constants.O_EXCL);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT")
      throw new SetupError(
        "DISK_MISSING",
        {
          place: path,
          found: "nothing",
          expected: "a file or a block device",
          remedy: "create it, or correct the path",
        },
        { cause: error },
      );
    if (code === "EBUSY")
      throw new SetupError(
        "DISK_IN_USE",
        {
          place: path,
          found: "a device that is mounted or open elsewhere",
          expected: "a file or device that nobody else uses",
          remedy: "stop or dismount what uses it, or give this volume a device of its own",
        },
        { cause: error },
      );
    throw unusable(path, code, error);
  }
}

async function makeDurable(fd: number, path: string, sizeBytes: number): Promise<void> {
  try {
    await truncateAsync(fd, sizeBytes);
    await fsyncAsync(fd);
    const folder = await openAsync(dirname(path), constants.O_RDONLY);
    try {
      await fsyncAsync(folder);
    } finally {
      await closeAsync(folder);
    }
  } catch (error) {
    throw unusable(path, systemCode(error), error);
  }
}

const SYS_SECTOR_BYTES = 512;

/** The size of a block device: stat says 0, and Node.js has neither lseek nor ioctl. */
async function deviceBytes({ rdev }: Stats): Promise<number> {
  const major = ((rdev >>> 8) & 0xfff) + Math.floor(rdev / 2 ** 32) * 0x1000;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  const sectors = await readFile(`/sys/dev/block/${major}:${minor}/size`, "utf8");
  return Number(sectors) * SYS_SECTOR_BYTES;
}

function wrongSize(path: string, foundBytes: number, expected: string): SetupError {
  return new SetupError("DISK_SIZE", {
    place: path,
    found: `${foundBytes} bytes`,
    expected,
    remedy: "correct the size in the configuration, or the path",
  });
}

function unusable(path: string, found: string, cause?: unknown): SetupError {
  return new SetupError(
    "DISK_UNUSABLE",
    {
      place: path,
      found,
      expected: "a file or block device that can be read and written",
      remedy: "correct the path, its permissions or its file system",
    },
    { cause },
  );
}
