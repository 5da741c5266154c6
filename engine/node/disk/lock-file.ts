import { spawnSync } from "node:child_process";
import { SetupError, systemCode } from "../setup-error.ts";

/** What flock(1) exits with if somebody else has the lock: a code of our choice that it has no other use for. */
const LOCKED = 75;

/**
 * Makes sure that this is the only program with the file open as a disk, for as long as `fd` is open.
 *
 * It is the kernel's lock of the open file (flock), which goes with the process however that ends, so
 * there is nothing stale to clear up, and it is on the file itself, so it holds across containers.
 * Node.js cannot take it, but it belongs to the open file, not to a process: flock(1) takes it on the
 * descriptor that it inherits, and ends. Measured against the other ways:
 *
 * - a file with pid, boot id and start time: another container's pids cannot be looked up;
 * - a lock renewed by a timer (proper-lockfile): a stopped process loses it and does not know;
 * - a socket in the abstract name space: each container has its own;
 * - a native module: needs a compiler, or a binary for each platform.
 *
 * It takes one short process per disk at the start, 5 to 30 ms.
 *
 * @throws SetupError DISK_IN_USE, DISK_LOCK_FAILED
 */
export function lockFile(fd: number, path: string): void {
  const { status, error, stderr } = spawnSync("flock", ["-n", "-x", "-E", String(LOCKED), "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
    encoding: "utf8",
    timeout: 10_000,
  });
  if (status === 0) return;
  if (status === LOCKED)
    throw new SetupError("DISK_IN_USE", {
      place: path,
      found: "another program that has it open as a disk",
      expected: "a file or device that nobody else uses",
      remedy: "stop the other one, or give this volume a file of its own",
    });
  throw new SetupError("DISK_LOCK_FAILED", {
    place: path,
    found: error === undefined ? `flock exited with ${status}: ${stderr.trim()}` : `flock: ${systemCode(error)}`,
    expected: "an exclusive lock",
    remedy: "install util-linux, and keep disks on a file system that has locks",
  });
}
