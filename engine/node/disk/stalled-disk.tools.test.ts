import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { fuseFile } from "./fixtures/fuse-file.ts";

const SIZE_BYTES = 8 * 1024 * 1024;
const program = fileURLToPath(new URL("./fixtures/stalled-neighbour.ts", import.meta.url));

test.each(["64", "4"])(
  "a disk that hangs holds up no other, no timer and no look-up, in a pool of %s threads",
  async (pool) => {
    const folder = mkdtempSync(join(tmpdir(), "resilver-stall-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { path, pid } = await fuseFile(folder, ["memory", String(SIZE_BYTES)]);
    const args = [program, join(folder, "healthy"), path, String(SIZE_BYTES), String(pid)];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, UV_THREADPOOL_SIZE: pool },
    });
    const found = JSON.parse(stdout) as Record<string, number>;
    // Not one request of the disk that hangs came to its end meanwhile, so the others did not wait for it.
    expect(found).toMatchObject({ endedWhileStalled: 0, ended: 64 });
    expect(found["heartbeats"]).toBeGreaterThan(0);
  },
);
