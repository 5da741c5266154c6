import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

/** What is no part of the engine that runs; the part that knows Node.js runs in no simulated world, to which tokens belong. */
const OUTSIDE = /^(?:testing|node)\/|\.(?:test|conformance)\.ts$/;

/**
 * Identifies the engine by its source: SHA-256 over path and content of every TypeScript file of a
 * folder except tests, their fixtures and the conformance suites, in the order of the paths' code units. The same on every machine: paths with
 * forward slashes, line ends as LF.
 *
 * @param folder with a slash at its end
 * @returns 64 hexadecimal digits
 */
export function engineDigest(folder: URL): string {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !OUTSIDE.test(path))
    .toSorted(byCodeUnits);
  const hash = createHash("sha256");
  for (const path of paths) {
    const content = readFileSync(new URL(path, folder), "utf8").replaceAll("\r\n", "\n");
    // The length keeps a file's end apart from the next file's path.
    hash.update(`${path}\0${content.length}\0${content}`);
  }
  return hash.digest("hex");
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
