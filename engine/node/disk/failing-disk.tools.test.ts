import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { openFileDisk } from "./file-disk.ts";
import { fuseFile } from "./fixtures/fuse-file.ts";

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "resilver-failing-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error that `request` ends with, if any. */
async function codeOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => "no error",
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

test("after one failed flush a disk does nothing any more, though the device would flush again", async () => {
  const folder = freshFolder();
  const content = join(folder, "content");
  const broken = join(folder, "broken");
  const sizeBytes = 1024 * 1024;
  writeFileSync(content, "");
  truncateSync(content, sizeBytes);
  const { path } = await fuseFile(folder, [
    "eval",
    `get_size=echo ${sizeBytes}`,
    `pread=dd if=${content} iflag=skip_bytes,count_bytes skip=$4 count=$3 status=none`,
    `pwrite=dd of=${content} oflag=seek_bytes conv=notrunc seek=$4 status=none`,
    `flush=if [ -e ${broken} ]; then echo EIO >&2; exit 1; fi`,
  ]);
  const disk = await openFileDisk({ path, sizeBytes });
  const data = new Uint8Array(4096).fill(7);
  await disk.write(0, data, { fua: true });
  writeFileSync(broken, "");
  await disk.write(4096, data);
  expect(await codeOf(disk.flush())).toBe("EIO");
  rmSync(broken);
  expect(await codeOf(disk.flush())).toBe("EIO");
  expect(await codeOf(disk.write(0, data))).toBe("EIO");
  expect(await codeOf(disk.write(0, data, { fua: true }))).toBe("EIO");
  expect(await codeOf(disk.trim(0, 4096))).toBe("EIO");
  expect(await codeOf(disk.read(0, 4096))).toBe("EIO");
  await disk.close();
  // Opened anew, it is as the device has it.
  const again = await openFileDisk({ path, sizeBytes });
  expect(await again.read(0, 4096)).toEqual(data);
  await again.flush();
  await again.close();
});

test.each([4096, 65_536])(
  "a write of %i bytes beyond the room there is fails with ENOSPC, others go on",
  async (bytes) => {
    const folder = freshFolder();
    const path = join(folder, "disk");
    const sizeBytes = 1024 * 1024;
    const disk = await openFileDisk({ path, sizeBytes, create: true });
    await disk.close();
    // No file may grow, or be written, beyond that; it begins in the middle of the second write.
    const limitBytes = 512 * 1024 + bytes / 2;
    const moduleUrl = new URL("./file-disk.ts", import.meta.url).href;
    const program = `
    const { openFileDisk } = await import(${JSON.stringify(moduleUrl)});
    const disk = await openFileDisk({ path: ${JSON.stringify(path)}, sizeBytes: ${sizeBytes} });
    const ask = (request) => request.then(() => "done", (error) => error.code);
    const data = new Uint8Array(${bytes}).fill(7);
    const ends = await Promise.all([
      ask(disk.write(0, data)), ask(disk.write(512 * 1024, data)), ask(disk.write(768 * 1024, data)),
      ask(disk.trim(900 * 1024, 4096)),
    ]);
    ends.push(await ask(disk.flush()), await ask(disk.write(4096, data, { fua: true })));
    // Of a row, none after the one that failed.
    const row = [16, 768, 256].map((at) => ({ offsetBytes: at * 1024, data }));
    ends.push(await ask(disk.writeInOrder(row)));
    for (const at of [16, 256]) ends.push((await disk.read(at * 1024, 512))[0]);
    await disk.close();
    console.log(JSON.stringify(ends));`;
    const { stdout } = await promisify(execFile)("prlimit", [
      `--fsize=${limitBytes}`,
      process.execPath,
      "--input-type=module",
      "-e",
      program,
    ]);
    expect(JSON.parse(stdout)).toEqual(["done", "ENOSPC", "ENOSPC", "EIO", "done", "done", "ENOSPC", 7, 0]);
  },
);
