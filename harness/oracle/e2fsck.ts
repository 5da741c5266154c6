import { findTool } from "./find-tool.ts";
import { accepted, type Judgement, refused, unknown } from "./judgement.ts";
import { runTool } from "./run-tool.ts";

export const E2FSPROGS_REMEDY = "install e2fsprogs";
const TIMEOUT_MS = 60_000;

/** 0: clean, or only the journal was replayed; 1: errors were corrected, which a replayed journal also reports. */
const MEND = { flags: "-fp", acceptedExits: [0, 1] as readonly number[] };
const CLEAN = { flags: "-fn", acceptedExits: [0] as readonly number[] };
/** Wrong usage, interrupted, a shared library is missing: it says nothing of the file system. */
const UNDECIDED_EXITS: readonly number[] = [16, 32, 128];

const ENVIRONMENT = {
  // No file there: the machine's own configuration stays out.
  E2FSCK_CONFIG: "/nonexistent/e2fsck.conf",
  // Seconds since 1970, later than any recording: no timestamp lies in the future.
  E2FSCK_TIME: "4000000000",
};

export interface E2fsckOptions {
  /** Where the program is; found by itself if not given. */
  readonly e2fsck?: string;
  /** `clean`: looks only, and nothing may be left to mend; `mend`, as a mount would, without. */
  readonly mode?: "mend" | "clean";
}

/**
 * Asks the real `e2fsck -fp` whether the ext4 file system in the file is sound. It recovers the
 * journal, as a mount would: **the file changes**. Exit 0 and 1 are accepted, everything else that
 * the program decided is refused. In the mode `clean` it is `e2fsck -fn`, the file stays as it is, and
 * only exit 0 is accepted.
 */
export async function judgeByE2fsck(imagePath: string, options: E2fsckOptions = {}): Promise<Judgement> {
  const tool = options.e2fsck ?? findTool("e2fsck");
  if (tool === undefined) return unknown("e2fsck", "e2fsck is not on this machine", E2FSPROGS_REMEDY);
  const { flags, acceptedExits } = options.mode === "clean" ? CLEAN : MEND;
  const end = await runTool(tool, [flags, imagePath], { timeoutMs: TIMEOUT_MS, env: ENVIRONMENT });
  if (end.kind === "failed") return unknown("e2fsck", end.why, `run e2fsck ${flags} by hand on the image`);

  const lines = `${end.stdout}\n${end.stderr}`
    .split("\n")
    .map((line) => line.replaceAll(`${imagePath}: `, "").replaceAll(imagePath, "the image").trim())
    .filter((line) => line !== "");
  if (UNDECIDED_EXITS.includes(end.exitCode)) {
    return unknown("e2fsck", `exit ${end.exitCode}: ${keyLine(lines)}`, "check the installation of e2fsprogs");
  }
  const why = `exit ${end.exitCode}: ${keyLine(lines)}`;
  return acceptedExits.includes(end.exitCode) ? accepted("e2fsck", why) : refused("e2fsck", why);
}

/** The first line that says what is wrong; if nothing is, the summary at the end. */
function keyLine(lines: readonly string[]): string {
  const alarm = lines.findIndex((line) => line.includes("UNEXPECTED INCONSISTENCY"));
  // The complaint stands in the line before the alarm, or ahead of it in the same line.
  if (alarm > 0 && lines[alarm]?.startsWith("UNEXPECTED") === true) return lines[alarm - 1] ?? "";
  if (alarm >= 0) return lines[alarm] ?? "";
  const complaint = lines.find((line) => /bad magic|superblock|corrupt|invalid|error|short read/i.test(line));
  return complaint ?? lines.at(-1) ?? "no output";
}
