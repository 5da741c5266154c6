import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { OutDirectory } from "./out-directory.ts";
import { type RunTask, unfinishedRecord } from "./run-task.ts";

const task: RunTask = {
  id: "a/b",
  name: "",
  requirements: [],
  seed: 1,
  repeat: true,
  world: "sim",
  heavy: false,
  replay: "",
};

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "resilver-out-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("no id leads out of the folder", () => {
  const parent = emptyFolder();
  const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "C:", "\\"), fc.string({ maxLength: 8 }));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      new OutDirectory(join(parent, "out")).record({ ...unfinishedRecord(task, "PASS", ""), id: parts.join("/") });
      expect(readdirSync(parent)).toEqual(["out"]);
      expect(readdirSync(join(parent, "out"))).toEqual(["history.jsonl", "runs"]);
    }),
    { seed: 20261126, numRuns: 200 },
  );
});

test("what a former index names is removed, and nothing else", () => {
  const folder = emptyFolder();
  const first = new OutDirectory(folder);
  const record = unfinishedRecord(task, "PASS", "");
  first.record(record);
  first.index({ runs: [record, { id: "../../mine" }] });
  first.report("junit.xml", "<testsuites/>");
  writeFileSync(join(folder, "mine.json"), "{}");
  expect(new OutDirectory(folder).path).toBe(folder);
  expect(readdirSync(folder).toSorted()).toEqual(["mine.json", "runs"]);
  expect(existsSync(join(folder, "runs/a/b.json"))).toBe(false);
});

test.each(["", "[]", "null", '{"runs":7}', '{"runs":[{}]}', "not json"])("an index like %j does no harm", (content) => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "index.json"), content);
  expect(new OutDirectory(folder).path).toBe(folder);
  expect(existsSync(join(folder, "index.json"))).toBe(false);
});
