import { expect, test } from "vitest";
import { OperatorsWord } from "./operators-word.ts";

const outcome = (done: "yes" | "no" | "unknown") => ({ done, refusal: "" });
const backup = { kind: "backup", mirrors: ["gen1", "gen2"] } as const;

test("a local mirror may stay split after a backup that was or may have been carried out, until a resync surely was", () => {
  const word = new OperatorsWord();
  word.given({ kind: "create", pair: "gen1" }, outcome("yes"));
  word.given(backup, outcome("no"));
  expect([word.mayBeSplit("gen1"), word.mayBeSplit("gen2")]).toEqual([false, false]);
  word.given(backup, outcome("unknown"));
  expect([word.mayBeSplit("gen1"), word.mayBeSplit("gen2")]).toEqual([true, true]);
  word.given({ kind: "resync", pair: "gen1" }, outcome("unknown"));
  expect(word.mayBeSplit("gen1")).toBe(true);
  word.given({ kind: "resync", pair: "gen1" }, outcome("yes"));
  expect([word.mayBeSplit("gen1"), word.mayBeSplit("gen2")]).toEqual([false, true]);
  expect([...word.created]).toEqual(["gen1"]);
});
