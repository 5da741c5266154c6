import { access, constants, readFile } from "node:fs/promises";
import { findTool } from "../../../oracle/find-tool.ts";
import { runTool } from "../../../oracle/run-tool.ts";

const TOOL_MS_MAX = 10_000;

/** What keeps this machine, or this user, from mounting an export of an engine; empty if nothing does. Changes nothing. */
export async function mountObstacles(): Promise<readonly string[]> {
  const found = await Promise.all([
    ...["/dev/fuse", "/dev/loop-control"].map(deviceObstacle),
    fileSystemObstacle("ext4"),
    namespaceObstacle(),
  ]);
  return found.filter((obstacle) => obstacle !== "");
}

async function deviceObstacle(path: string): Promise<string> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return "";
  } catch (error) {
    return `${path}: ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** A kernel that would load it at the first mount has it in its list of modules. */
async function fileSystemObstacle(name: string): Promise<string> {
  const known = await readFile("/proc/filesystems", "utf8").catch(() => "");
  if (known.split(/\s/).includes(name)) return "";
  const missing = `no ${name} in the kernel`;
  const modprobe = findTool("modprobe");
  if (modprobe === undefined) return missing;
  const end = await runTool(modprobe, ["--dry-run", "--quiet", name], { timeoutMs: TOOL_MS_MAX });
  return end.kind === "exited" && end.exitCode === 0 ? "" : missing;
}

async function namespaceObstacle(): Promise<string> {
  const tool = findTool("unshare");
  if (tool === undefined) return "no program unshare";
  const end = await runTool(tool, ["--mount", "--pid", "--fork", "true"], { timeoutMs: TOOL_MS_MAX });
  if (end.kind === "failed") return `unshare: ${end.why}`;
  return end.exitCode === 0 ? "" : end.stderr.trim();
}
