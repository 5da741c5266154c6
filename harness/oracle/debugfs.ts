import { writeFileSync } from "node:fs";
import { findTool } from "./find-tool.ts";
import { runTool, type ToolEnd } from "./run-tool.ts";

const TIMEOUT_MS = 60_000;
const NOT_FOUND = "File not found by ext2_lookup";

export interface DumpRequest {
  /** Absolute, inside the file system. */
  readonly path: string;
  readonly toPath: string;
}

export type DumpEnd =
  /** Which of the files were there; those are at their `toPath` now. */
  | { readonly kind: "dumped"; readonly present: ReadonlySet<string> }
  /** The file system or one of the files cannot be read. */
  | { readonly kind: "unreadable"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string };

/**
 * Takes files out of an ext4 image with the real `debugfs`, read-only. A file that calls itself
 * larger than the whole image is not taken but unreadable.
 *
 * @param commandPath a file of its own that the call may write, for the commands
 */
export async function dumpFiles(
  imagePath: string,
  imageBytes: number,
  requests: readonly DumpRequest[],
  commandPath: string,
  tool = findTool("debugfs"),
): Promise<DumpEnd> {
  if (tool === undefined) return { kind: "failed", why: "debugfs is not on this machine" };
  const run = (commands: readonly string[]): Promise<ToolEnd> => {
    writeFileSync(commandPath, `${commands.join("\n")}\n`);
    return runTool(tool, ["-f", commandPath, imagePath], { timeoutMs: TIMEOUT_MS });
  };

  const stats = await run(requests.map(({ path }) => `stat ${path}`));
  if (stats.kind === "failed") return stats;
  const statTrouble = complaints(stats.stderr, imagePath);
  if (statTrouble.length > 0) return { kind: "unreadable", why: statTrouble.join("; ") };
  // One echoed command heads the output of each.
  const sections = stats.stdout.split(/^debugfs: stat /m).slice(1);
  const present: DumpRequest[] = [];
  for (const request of requests) {
    const section = sections.find((text) => text.startsWith(`${request.path}\n`)) ?? "";
    const size = /\bSize: (\d+)/.exec(section)?.[1];
    if (size === undefined) continue;
    if (Number(size) > imageBytes) return { kind: "unreadable", why: `${request.path} claims ${size} bytes` };
    present.push(request);
  }

  const dump = await run(present.map(({ path, toPath }) => `dump ${path} ${toPath}`));
  if (dump.kind === "failed") return dump;
  const dumpTrouble = complaints(dump.stderr, imagePath);
  if (dumpTrouble.length > 0) return { kind: "unreadable", why: dumpTrouble.join("; ") };
  return { kind: "dumped", present: new Set(present.map(({ path }) => path)) };
}

/** The program exits 0 whatever happens: what it complains about stands on stderr, under a banner. */
function complaints(stderr: string, imagePath: string): readonly string[] {
  return stderr
    .split("\n")
    .map((line) => line.replaceAll(imagePath, "the image").trim())
    .filter((line) => line !== "" && !/^debugfs \d/.test(line) && !line.includes(NOT_FOUND));
}
