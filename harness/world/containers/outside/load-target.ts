import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { OutsideTarget } from "../../../target/outside-target.ts";
import { targetManifestSchema } from "../../../target/target-manifest.ts";

/** A manifest cannot be used. */
export class TargetManifestError extends Error {
  readonly found: string;
  readonly expected: string;

  constructor(place: string, found: string, expected: string) {
    super(`${place}: found ${found}, expected ${expected}; see "resilver schema target-manifest"`);
    this.name = "TargetManifestError";
    this.found = found;
    this.expected = expected;
  }
}

/** Reads a manifest and the files that it names. @throws TargetManifestError */
export async function loadTarget(path: string): Promise<OutsideTarget> {
  const text = await read(path, path);
  let json: unknown;
  try {
    json = JSON.parse(text.toString("utf8"));
  } catch (error) {
    throw new TargetManifestError(path, (error as Error).message, "JSON");
  }
  const parsed = targetManifestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TargetManifestError(
      `${path}: ${issue?.path.join(".") ?? ""}`,
      issue?.message ?? "",
      "a target's manifest",
    );
  }
  const manifest = parsed.data;
  const files = new Map<string, Uint8Array>();
  const digest = createHash("sha256").update(JSON.stringify(manifest));
  for (const [target, source] of Object.entries(manifest.files).toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  )) {
    const content = await read(resolve(dirname(path), source), path);
    files.set(target, content);
    digest.update(`\0${target}\0${content.length}\0`).update(content);
  }
  const capabilities = new Set(manifest.capabilities);
  return { name: manifest.name, digest: digest.digest("hex"), capabilities, manifest, files };
}

async function read(path: string, place: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new TargetManifestError(place, (error as Error).message, "a file that can be read");
  }
}
