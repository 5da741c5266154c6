import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { OutsideTarget } from "../target/outside-target.ts";
import { loadTarget } from "../world/containers/outside/load-target.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { quoted, UsageError } from "./usage-error.ts";

const SUFFIX = ".json";

/** Names of the targets that are shipped: manifests in one folder. */
export function shippedTargets({ targetFolder }: Pick<CommandLineParts, "targetFolder">): readonly string[] {
  if (targetFolder === undefined || !existsSync(targetFolder)) return [];
  return readdirSync(targetFolder)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .toSorted();
}

/**
 * The manifest that a person means: the name of a shipped target, or the path of a manifest.
 *
 * @throws UsageError
 */
export function manifestPath(parts: Pick<CommandLineParts, "targetFolder">, given: string): string {
  if (given.endsWith(SUFFIX)) return resolve(given);
  const names = shippedTargets(parts);
  const { targetFolder } = parts;
  if (targetFolder !== undefined && names.includes(given))
    return fileURLToPath(new URL(`${given}${SUFFIX}`, targetFolder));
  const expected = `${names.join(", ")}, or path/to/target.json`;
  throw new UsageError({ place: "--target", found: quoted(given), expected });
}

/** @throws UsageError, TargetManifestError */
export function targetOf(parts: Pick<CommandLineParts, "targetFolder">, given: string): Promise<OutsideTarget> {
  return loadTarget(manifestPath(parts, given));
}
