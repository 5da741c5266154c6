import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CAPABILITIES } from "./capability.ts";

test("docs/targets.md says what each capability means", () => {
  const text = readFileSync(new URL("../../docs/targets.md", import.meta.url), "utf8");
  const told = [...text.matchAll(/^\| `([^`]+)` \| ([^|]+) \|$/gm)].map(([, name, meaning]) => [name, meaning]);
  expect(told).toEqual(Object.entries(CAPABILITIES));
});
