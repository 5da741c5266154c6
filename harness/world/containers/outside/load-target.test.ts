import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadTarget } from "./load-target.ts";

const WHOLE = {
  name: "vendor",
  description: "An engine",
  image: "vendor:1",
  files: { "/opt/node.mjs": "node.mjs" },
  capabilities: ["sync"],
};

function manifest(content: unknown, program = "1"): string {
  const folder = mkdtempSync(join(tmpdir(), "resilver-target-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "node.mjs"), program);
  const path = join(folder, "target.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

test("a manifest brings its files, and has defaults", async () => {
  const target = await loadTarget(manifest(WHOLE));
  expect(target.name).toBe("vendor");
  expect([...target.capabilities]).toEqual(["sync"]);
  expect(Buffer.from(target.files.get("/opt/node.mjs") ?? []).toString()).toBe("1");
  expect(target.manifest).toMatchObject({ linkPorts: 1, readySeconds: 30, settings: {} });
});

test("its digest is that of manifest and files, wherever they lie", async () => {
  const digestOf = async (path: string): Promise<string> => (await loadTarget(path)).digest;
  const digest = await digestOf(manifest(WHOLE));
  expect(await digestOf(manifest(WHOLE))).toBe(digest);
  expect(await digestOf(manifest(WHOLE, "2"))).not.toBe(digest);
  expect(await digestOf(manifest({ ...WHOLE, settings: { mode: "x" } }))).not.toBe(digest);
});

test.each<[string, unknown, RegExp]>([
  ["no JSON", "{", /target\.json: found .*, expected JSON/],
  ["an unknown field", { ...WHOLE, colour: "red" }, /colour/],
  ["a capability that there is not", { ...WHOLE, capabilities: ["teleport"] }, /capabilities\.0/],
  ["a file that is not there", { ...WHOLE, files: { "/x": "y" } }, /found ENOENT.*, expected a file that can be read/],
  ["a name for no command line", { ...WHOLE, name: "../x" }, /name: found small letters/],
])("%s is refused, by place", async (_, content, message) => {
  await expect(loadTarget(manifest(content))).rejects.toThrow(message);
});
