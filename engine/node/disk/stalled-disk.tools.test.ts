import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const SIZE_BYTES = 8 * 1024 * 1024;
const program = fileURLToPath(new URL("./fixtures/stalled-neighbour.ts", import.meta.url));

/** A file that a process stands behind: stop the process, and requests to the file hang. */
async function fuseFile(folder: string): Promise<{ path: string; pid: number }> {
  const path = join(folder, "stalled");
  const pidFile = join(folder, "pid");
  writeFileSync(path, "");
  const size = String(SIZE_BYTES);
  const nbdfuse = spawn("nbdfuse", ["-P", pidFile, path, "--command", "nbdkit", "-s", "memory", size]);
  const exited = once(nbdfuse, "exit");
  onTestFinished(async () => {
    nbdfuse.kill("SIGCONT");
    nbdfuse.kill("SIGTERM");
    await exited;
  });
  // It is mounted when the file of the pid is there.
  while (!existsSync(pidFile)) {
    if (nbdfuse.exitCode !== null) throw new Error("nbdfuse ended: is /dev/fuse there?");
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  return { path, pid: nbdfuse.pid ?? 0 };
}

test.each(["64", "4"])(
  "a disk that hangs holds up no other, no timer and no look-up, in a pool of %s threads",
  async (pool) => {
    const folder = mkdtempSync(join(tmpdir(), "resilver-stall-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { path, pid } = await fuseFile(folder);
    const args = [program, join(folder, "healthy"), path, String(SIZE_BYTES), String(pid)];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, UV_THREADPOOL_SIZE: pool },
    });
    const found = JSON.parse(stdout) as Record<string, number>;
    // Not one request of the disk that hangs came to its end meanwhile, so the others did not wait for it.
    expect(found).toMatchObject({ endedWhileStalled: 0, ended: 64 });
    expect(found["requests"]).toBeGreaterThan(10);
  },
);
