import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { engineDigest } from "./engine-digest.ts";

/** The digest of a folder with these files, made in this order. */
function digestOf(files: readonly (readonly [path: string, content: string])[]): string {
  const folder = mkdtempSync(join(tmpdir(), "resilver-digest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of files) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return engineDigest(pathToFileURL(`${folder}/`));
}

const engine = [
  ["ports/disk.ts", "a\nb\n"],
  ["volume/track.ts", "c\n"],
] as const;

test("the digest is known, so that it is the same on every machine", () => {
  expect(digestOf(engine)).toBe("06ed6cab9e18b16dea37e70cd5568880ea40547bc771f0bed427090775391f9d");
});

test.each([
  ["the order in which files were made", engine.toReversed()],
  ["line ends", [["ports/disk.ts", "a\r\nb\r\n"], engine[1]]],
  ["tests", [...engine, ["ports/disk.test.ts", "x"]]],
  ["other files", [...engine, ["ports/README.md", "x"]]],
] as const)("%s do not change the digest", (_what, files) => {
  expect(digestOf(files)).toBe(digestOf(engine));
});

test.each([
  ["a byte", [["ports/disk.ts", "a\nc\n"], engine[1]]],
  ["a name", [["ports/disc.ts", "a\nb\n"], engine[1]]],
  ["a further file", [...engine, ["volume/new.ts", ""]]],
  [
    "content that moved to the next file",
    [
      ["ports/disk.ts", "a\n"],
      ["volume/track.ts", "b\nc\n"],
    ],
  ],
] as const)("%s changes the digest", (_what, files) => {
  expect(digestOf(files)).not.toBe(digestOf(engine));
});
