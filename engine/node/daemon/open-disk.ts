import type { ClosableDisk } from "../disk/file-disk.ts";
import { openFileDisk } from "../disk/file-disk.ts";
import { NbdDisk } from "../nbd/nbd-disk.ts";
import { NbdError } from "../nbd/nbd-error.ts";
import { SetupError } from "../setup-error.ts";

/** Where a disk is; the URL is one that the schema of the configuration accepts. */
export interface DiskPlace {
  readonly disk: string;
  readonly size: number;
  readonly create: boolean;
}

/** Opens a disk of a configuration. @throws SetupError DISK_MISSING, DISK_UNUSABLE, DISK_SIZE, DISK_IN_USE, DISK_LOCK_FAILED */
export async function openDisk({ disk, size, create }: DiskPlace): Promise<ClosableDisk> {
  if (disk.startsWith("file:")) return openFileDisk({ path: disk.slice("file:".length), sizeBytes: size, create });
  const url = new URL(disk);
  let opened: NbdDisk;
  try {
    opened = await NbdDisk.open({
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port),
      exportName: decodeURIComponent(url.pathname.slice(1)),
    });
  } catch (error) {
    if (!(error instanceof NbdError)) throw error;
    const remedy = "start its server, and see that it exports a disk of this name";
    throw new SetupError("DISK_UNUSABLE", { place: disk, found: error.message, expected: "an NBD export", remedy });
  }
  if (opened.sizeBytes === size) return opened;
  await opened.close();
  throw new SetupError("DISK_SIZE", {
    place: disk,
    found: `${opened.sizeBytes} bytes`,
    expected: `${size} bytes`,
    remedy: "give the size that it has, or another disk",
  });
}
