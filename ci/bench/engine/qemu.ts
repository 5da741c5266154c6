import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { freePort, listening, type Stage } from "./stage.ts";

const message = z.looseObject({ event: z.string().optional(), error: z.unknown().optional() });

/** Serves a raw file over NBD, as its tool does without being told how: through the page cache, as `target`. */
export async function qemuNbd(
  stage: Stage,
  file: string,
): Promise<{ readonly port: number; readonly program: ChildProcess }> {
  const port = await freePort();
  const program = stage.start("qemu-nbd", [
    "--format=raw",
    "--persistent",
    "--shared=8",
    "--bind=127.0.0.1",
    `--port=${port}`,
    "--export-name=target",
    file,
  ]);
  await listening(port);
  return { port, program };
}

/**
 * The peer: `qemu-storage-daemon` exports a file over NBD and mirrors it to a `qemu-nbd`, every write before its
 * acknowledgement (`copy-mode=write-blocking`). Settles when the mirror is in sync. @returns the port for hosts
 */
export async function qemuMirror(stage: Stage, sizeBytes: number): Promise<number> {
  const { port: targetPort } = await qemuNbd(stage, await stage.file("qemu-target.img", sizeBytes));
  const source = await stage.file("qemu-source.img", sizeBytes);
  const port = await freePort();
  const daemon = stage.start("qemu-storage-daemon", [
    ...["--chardev", "stdio,id=monitor", "--monitor", "chardev=monitor"],
    ...["--blockdev", `driver=file,node-name=source,filename=${source}`],
    "--blockdev",
    `driver=nbd,node-name=target,server.type=inet,server.host=127.0.0.1,server.port=${targetPort},export=target`,
    ...["--nbd-server", `addr.type=inet,addr.host=127.0.0.1,addr.port=${port}`],
    ...["--export", "type=nbd,id=export,node-name=source,name=pvol,writable=on"],
  ]);
  const { stdin, stdout } = daemon;
  if (stdin === null || stdout === null) throw new Error("no pipes");
  const inSync = new Promise<void>((resolve, reject) => {
    createInterface(stdout).on("line", (text) => {
      const { event, error } = message.parse(JSON.parse(text));
      if (event === "BLOCK_JOB_READY") resolve();
      if (error !== undefined || event === "BLOCK_JOB_ERROR") reject(new Error(`qemu-storage-daemon: ${text}`));
    });
    daemon.once("close", (code) => reject(new Error(`qemu-storage-daemon ended with ${code}`)));
  });
  const mirror = {
    execute: "blockdev-mirror",
    arguments: { "job-id": "mirror", device: "source", target: "target", sync: "full", "copy-mode": "write-blocking" },
  };
  stdin.write(`${JSON.stringify({ execute: "qmp_capabilities" })}\n${JSON.stringify(mirror)}\n`);
  await inSync;
  await listening(port);
  return port;
}
