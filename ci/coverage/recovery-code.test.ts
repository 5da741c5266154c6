import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { RECOVERY_CODE } from "./recovery-code.ts";

// A file that was renamed would be judged no more, and nobody would notice.
test.each(RECOVERY_CODE)("%s is there, and named once", (path) => {
  expect(existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)))).toBe(true);
  expect(RECOVERY_CODE.filter((other) => other === path)).toHaveLength(1);
});
