import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "../../../oracle/find-tool.ts";
import { runTool } from "../../../oracle/run-tool.ts";
import type { NbdPlace } from "../remote-device.ts";

const TOOL_MS_MAX = 60_000;

/**
 * Has `e2fsck` judge a copy of what hosts read on an export, once with each of the flags.
 *
 * @returns what the last of them came to: `exit 0`, or another code and what it said
 */
export async function e2fsckOf(
  { host, port }: NbdPlace,
  exportName: string,
  ...flags: readonly string[]
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "resilver-e2fsck-"));
  try {
    const image = join(folder, "image");
    const copied = await run("nbdcopy", `nbd://${host}:${port}/${exportName}`, image);
    if (copied !== "exit 0") throw new Error(`nbdcopy: ${copied}`);
    let last = "";
    for (const flag of flags) last = await run("e2fsck", flag, image);
    return last;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(tool: string, ...args: readonly string[]): Promise<string> {
  const end = await runTool(findTool(tool) ?? tool, args, { timeoutMs: TOOL_MS_MAX });
  if (end.kind === "failed") throw new Error(`${tool}: ${end.why}`);
  return end.exitCode === 0 ? "exit 0" : `exit ${end.exitCode}: ${end.stdout}${end.stderr}`;
}
