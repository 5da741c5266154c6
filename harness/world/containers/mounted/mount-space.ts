import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "../../../oracle/find-tool.ts";
import { runTool } from "../../../oracle/run-tool.ts";
import { ContainerError } from "../container-error.ts";

const TOOL_MS_MAX = 60_000;
const FREED_MS_MAX = 10_000;
const ASKED_MS = 20;

/** Says which process it is, and ends when nobody holds its input any more. */
const FIRST_PROCESS = "read -r pid rest < /proc/self/stat; echo $pid; exec cat > /dev/null";

/**
 * Where Linux mounts what a test uses: a mount namespace and a process namespace of their own. They end
 * with their first process, which ends when this one does, however it ends. The kernel then kills
 * whatever runs in them, unmounts, and lets go of the loop devices: nothing has to be cleaned up by hand,
 * not even after SIGKILL. {@link MountSpace.close} proves it.
 */
export class MountSpace {
  /** On the machine and in the space alike; what is mounted below it is seen in the space only. */
  readonly folder: string;
  readonly #first: ChildProcessWithoutNullStreams;
  readonly #firstPid: string;
  #closed: Promise<void> | undefined;

  private constructor(folder: string, first: ChildProcessWithoutNullStreams, firstPid: string) {
    this.folder = folder;
    this.#first = first;
    this.#firstPid = firstPid;
  }

  /** @throws ContainerError MOUNT */
  static async create(): Promise<MountSpace> {
    const folder = await mkdtemp(join(tmpdir(), "resilver-mounts-"));
    const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
    const first = spawn("unshare", [...namespaces, "sh", "-c", FIRST_PROCESS]);
    const complaint: Buffer[] = [];
    first.stderr.on("data", (bytes: Buffer) => complaint.push(bytes));
    const told = await Promise.race([once(first.stdout, "data"), once(first, "close")]).catch((error: unknown) => [
      error,
    ]);
    const pid = String(told[0]).trim();
    if (/^\d+$/.test(pid) && first.exitCode === null) return new MountSpace(folder, first, pid);
    await rm(folder, { recursive: true, force: true });
    throw mountError("a mount namespace", Buffer.concat(complaint).toString().trim() || pid);
  }

  /** Where a path of the space is for programs outside of it. */
  outside(path: string): string {
    return `/proc/${this.#firstPid}/root${path}`;
  }

  /** What a program of the machine printed that ran in the space. @throws ContainerError MOUNT if it fails */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const [nsenter = "", ...before] = this.#entered();
    const path = findTool(nsenter);
    if (path === undefined) throw mountError(program, `no program ${nsenter}`);
    const end = await runTool(path, [...before, toolPath(program), ...args], { timeoutMs: TOOL_MS_MAX });
    const place = [program, ...args].join(" ");
    if (end.kind === "failed") throw mountError(place, end.why);
    if (end.exitCode !== 0) throw mountError(place, `exit code ${end.exitCode}: ${end.stderr.trim() || end.stdout}`);
    return end.stdout;
  }

  /** A program that runs in the space until it ends by itself or the space does. */
  start(program: string, ...args: readonly string[]): ChildProcessWithoutNullStreams {
    const [nsenter = "", ...before] = this.#entered();
    return spawn(nsenter, [...before, toolPath(program), ...args]);
  }

  /**
   * Ends every process of the space and with them every mount, whatever state they are in.
   * @throws ContainerError NOT_HEALED if a loop device stays
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const ended = this.#first.exitCode === null ? once(this.#first, "close") : undefined;
    this.#first.stdin.end();
    await ended;
    const untilMs = performance.now() + FREED_MS_MAX;
    let loops = await loopsOf(this.folder);
    // The kernel lets go of them when the last process of the space is gone, which it does not wait for.
    while (loops.length > 0 && performance.now() < untilMs) {
      await sleep(ASKED_MS);
      loops = await loopsOf(this.folder);
    }
    for (const loop of loops) await runTool(toolPath("losetup"), ["-d", loop], { timeoutMs: TOOL_MS_MAX });
    await rm(this.folder, { recursive: true, force: true });
    if (loops.length === 0) return;
    throw new ContainerError("NOT_HEALED", {
      place: this.folder,
      found: loops.join(", "),
      expected: "no loop device left of the mounts",
      remedy: "losetup --list; losetup -d DEVICE",
    });
  }

  /** The call dies with the program that asked for it, or a program that hangs would outlive its limit. */
  #entered(): readonly string[] {
    return ["nsenter", "-t", this.#firstPid, "-m", "-p", "setpriv", "--pdeathsig", "KILL"];
  }
}

/** Loop devices over files below `folder`. */
export async function loopsOf(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of (await readdir("/sys/block")).filter((device) => device.startsWith("loop"))) {
    const file = await readFile(`/sys/block/${name}/loop/backing_file`, "utf8").catch(() => "");
    if (file.startsWith(`${folder}/`)) found.push(`/dev/${name}`);
  }
  return found;
}

function toolPath(program: string): string {
  return findTool(program) ?? program;
}

export function mountError(place: string, found: string): ContainerError {
  return new ContainerError("MOUNT", {
    place,
    found,
    expected: "Linux to mount a volume",
    remedy: "resilver doctor says what this machine lacks for it",
  });
}
