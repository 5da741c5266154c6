import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { checkBundle } from "../harness/qualify/verify-bundle.ts";
import { qualificationReport } from "../reports/index.ts";

const folder = fileURLToPath(new URL("../docs/examples/", import.meta.url));
const bundles = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test.each(bundles.map(({ name }) => name))("the example %s is whole, and has a verdict", (name) => {
  // Of another version: what this one would say otherwise is told as undecided, and nothing is wrong with the bundle.
  const { problems, document } = checkBundle(`${folder}${name}`, { harness: "another", report: qualificationReport });
  expect(problems).toEqual([]);
  expect(document?.plan.profile).toBe(name.replace(/^(?:resilver|qemu|qemu-background|gluster)-(?=sync|async)/u, ""));
});
