import { spawn } from "node:child_process";

/** Ranges as large as this are worth a process: to write 4 MiB of zeros takes as long, and then they take room. */
export const HOLE_BYTES_MIN = 4 * 1024 * 1024;

/**
 * Gives the room of a range back to the file system; it then reads as zeros. Node.js cannot do it, so
 * fallocate(1) does it on the open file that it inherits.
 *
 * @returns false if it could not: there is no such program, or the file system has no holes; part of it may be done
 */
export function punchHole(fd: number, offsetBytes: number, lengthBytes: number): Promise<boolean> {
  const range = ["--offset", String(offsetBytes), "--length", String(lengthBytes)];
  const child = spawn("fallocate", ["--punch-hole", ...range, "/proc/self/fd/3"], {
    stdio: ["ignore", "ignore", "ignore", fd],
  });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}
