import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refusalCodes } from "../engine/node/control/refusal.ts";
import { Metrics } from "../engine/node/control/metrics.ts";
import { configSchema } from "../engine/node/daemon/config.ts";

const text = readFileSync(join(import.meta.dirname, "../docs/operating.md"), "utf8");

test("every configuration that docs/operating.md shows can be used", () => {
  const shown = [...text.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, json = ""]) => json);
  expect(shown.length).toBeGreaterThan(1);
  for (const json of shown) expect(configSchema.safeParse(JSON.parse(json))).toMatchObject({ success: true });
});

test("docs/operating.md has every key of the configuration", () => {
  const keys = Object.keys(configSchema.shape).filter((key) => key !== "$schema");
  const missing = keys.filter((key) => !text.includes(`| \`${key}`));
  expect(missing).toEqual([]);
});

test("docs/operating.md has every code that the control API refuses with", () => {
  for (const code of refusalCodes()) expect(text).toMatch(new RegExp(`^\\| ${code} \\| \\d{3} \\|`, "m"));
});

test("docs/operating.md has every metric of the engine, and no other", async () => {
  const found = [...(await new Metrics().text()).matchAll(/^# HELP (resilver_\w+)/gm)].map(([, name = ""]) => name);
  const short = text.replace(
    "`_bytes_total`, `_failures_total`",
    "`resilver_host_bytes_total`, `resilver_host_failures_total`",
  );
  const told = [...short.matchAll(/`(resilver_\w+)`/g)].map(([, name = ""]) => name);
  expect([...new Set(told)].toSorted()).toEqual(found.toSorted());
  // Alarms and the like.
  const used = [...text.matchAll(/^```(?:yaml|sh)\n([^]*?)^```$/gm)].flatMap(([block]) => [
    ...block.matchAll(/\bresilver_\w+/g),
  ]);
  expect(used.length).toBeGreaterThan(0);
  for (const [name] of used) expect(found).toContain(name);
});
