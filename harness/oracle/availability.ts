import { findTool } from "./find-tool.ts";
import { runTool } from "./run-tool.ts";

/** One outside tool, as `doctor` shows it. */
export interface ToolAvailability {
  readonly name: string;
  readonly present: boolean;
  /** "" if absent or not told. */
  readonly version: string;
  /** Path, or the module's name; "" if absent. */
  readonly where: string;
  /** What cannot be decided without it. */
  readonly lostWithout: string;
  readonly remedy: string;
}

const E2FSPROGS = [
  {
    name: "e2fsck",
    lostWithout: "scenarios with recorded traces cannot say whether a file system accepts a prefix: UNKNOWN",
  },
  { name: "debugfs", lostWithout: "the SQLite database cannot be taken out of a volume and checked: UNKNOWN" },
];

/** Looks for every tool that the judges use. Starts each once, to ask for its version. */
export async function toolAvailability(): Promise<readonly ToolAvailability[]> {
  const programs = await Promise.all(E2FSPROGS.map(({ name, lostWithout }) => programAvailability(name, lostWithout)));
  return [...programs, await sqliteAvailability(), await zstdAvailability()];
}

async function programAvailability(name: string, lostWithout: string): Promise<ToolAvailability> {
  const common = { name, lostWithout, remedy: "install e2fsprogs" };
  const path = findTool(name);
  if (path === undefined) return { ...common, present: false, version: "", where: "" };
  const end = await runTool(path, ["-V"], { timeoutMs: 10_000 });
  if (end.kind === "failed") return { ...common, present: false, version: "", where: path };
  return { ...common, present: true, version: /\d+(\.\d+)+/.exec(end.stderr + end.stdout)?.[0] ?? "", where: path };
}

async function sqliteAvailability(): Promise<ToolAvailability> {
  const common = {
    name: "node:sqlite",
    lostWithout: "the content of the SQLite database cannot be checked: UNKNOWN",
    remedy: "use Node.js 22.22 or later",
  };
  try {
    await import("node:sqlite");
    return { ...common, present: true, version: process.versions["sqlite"] ?? "", where: "node:sqlite" };
  } catch {
    return { ...common, present: false, version: "", where: "" };
  }
}

async function zstdAvailability(): Promise<ToolAvailability> {
  const zlib = await import("node:zlib");
  const present = typeof zlib.createZstdDecompress === "function";
  return {
    name: "node:zlib zstd",
    present,
    version: present ? (process.versions["zstd"] ?? "") : "",
    where: present ? "node:zlib" : "",
    lostWithout: "recorded traces cannot be read",
    remedy: "use Node.js 22.22 or later",
  };
}
