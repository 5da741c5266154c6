import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { EvidenceFile } from "../history/page-input.ts";
import { CAMPAIGN_FILES } from "./out-directory.ts";

const CHUNK_BYTES = 1 << 20;
/** Files of a folder that are named one by one; of more, there is one hash over all of them. */
const NAMED_MAX = 1000;

/** What results consist of. What else lies in the folder, results of another command for instance, is not theirs. */
export function evidenceOf(folder: string): EvidenceFile[] {
  const names = Object.values(CAMPAIGN_FILES).filter((name) => name !== CAMPAIGN_FILES.page);
  const files = names.filter((name) => existsSync(join(folder, name))).map((path) => evidence(folder, path));
  return [...files, ...["runs", "plans", "scenarios"].flatMap((name) => folderEvidence(folder, name))];
}

function folderEvidence(folder: string, name: string): EvidenceFile[] {
  const files = filesOf(join(folder, name)).map((path) => evidence(folder, `${name}/${path}`));
  if (files.length <= NAMED_MAX) return files;
  const list = createHash("sha256");
  for (const { path, sha256 } of files) list.update(`${sha256}  ${path}\n`);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return [
    {
      path: `${name}/, ${files.length} files: of the list that sha256sum prints`,
      sizeBytes,
      sha256: list.digest("hex"),
    },
  ];
}

function evidence(folder: string, path: string): EvidenceFile {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(join(folder, path), "r");
  let sizeBytes = 0;
  try {
    for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
      hash.update(chunk.subarray(0, length));
      sizeBytes += length;
    }
  } finally {
    closeSync(file);
  }
  return { path, sizeBytes, sha256: hash.digest("hex") };
}

/** Paths in it, with forward slashes, sorted; of no folder, none. */
export function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".part"))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
