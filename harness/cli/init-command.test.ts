import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { loadTarget } from "../world/containers/outside/load-target.ts";
import { initCommand } from "./init-command.ts";

const template = new URL("../../targets/template/", import.meta.url);

function rig() {
  const scratch = mkdtempSync(join(tmpdir(), "resilver-init-test-"));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const built = join(scratch, "built");
  mkdirSync(built);
  writeFileSync(join(built, "nbd.mjs"), "// built");
  writeFileSync(join(built, "nbd.mjs.map"), "{}");
  const said: string[] = [];
  const terminal = {
    out: (text: string) => said.push(text),
    err: () => {},
    columns: 80,
    colour: false,
    interactive: false,
  };
  const folders = { template, built: pathToFileURL(`${built}/`) };
  return { scratch, said, parts: { terminal, calledAs: "resilver", template: folders } };
}

test("a template is a target whose manifest names every program in it", async () => {
  const { scratch, said, parts } = rig();
  const folder = join(scratch, "new/vendor");
  expect(initCommand(parts, folder)).toBe(0);
  const names = readdirSync(folder).toSorted();
  expect(said.map((line) => basename(line.trim())).toSorted()).toEqual(names);
  const target = await loadTarget(join(folder, "target.json"));
  const programs = names.filter((name) => /(?<!\.d)\.(?:ts|mjs)$/.test(name));
  expect([...target.files.keys()].filter((path) => !path.endsWith(".json"))).toEqual(
    programs.map((name) => `/opt/target/${name}`),
  );
  // What a program imports is beside it, or of Node.js.
  for (const name of programs) {
    const imports = [...readFileSync(join(folder, name), "utf8").matchAll(/ from "([^"]+)"/g)].map(
      ([, from = ""]) => from,
    );
    expect(imports.filter((from) => !from.startsWith("node:") && !programs.includes(from.slice(2)))).toEqual([]);
  }
});

test("a folder that has something in it is left alone", () => {
  const { scratch, parts } = rig();
  expect(() => initCommand(parts, scratch)).toThrow(/files in .*, expected an empty folder, or none/);
  expect(readdirSync(scratch)).toEqual(["built"]);
});

test("what was not built is asked for", () => {
  const { scratch, parts } = rig();
  const broken = { ...parts, template: { template, built: pathToFileURL(`${scratch}/none/`) } };
  expect(() => initCommand(broken, join(scratch, "new"))).toThrow(/npm run build/);
});
