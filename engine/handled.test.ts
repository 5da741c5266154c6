import { expect, test } from "vitest";
import { AssertionError } from "./assert.ts";
import { EngineError } from "./errors.ts";
import { handled } from "./handled.ts";
import { DiskError } from "./ports/index.ts";

const diskError = new DiskError("EIO", 0, 512);
const refusal = new EngineError("VOLUME_UNKNOWN", { volume: "v" });

test("an error of a kind that is asked for is given back", () => {
  expect(handled(diskError, DiskError).code).toBe("EIO");
  expect([diskError, refusal].map((error) => handled(error, DiskError, EngineError).code)).toEqual([
    "EIO",
    "VOLUME_UNKNOWN",
  ]);
});

test("a bug of ours, and whatever else, passes on as it is", () => {
  for (const error of [new AssertionError("a bug"), new TypeError("another"), refusal, "no error at all"])
    expect(() => handled(error, DiskError)).toThrow(error);
});
