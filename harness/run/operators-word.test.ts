import { expect, test } from "vitest";
import type { AdminStep } from "../plan/admin-step.ts";
import { OperatorsWord } from "./operators-word.ts";

const outcome = (done: "yes" | "no" | "unknown") => ({ done, refusal: "" });
/** Commands one after the other. */
function give(word: OperatorsWord, step: AdminStep, done: "yes" | "no" | "unknown"): void {
  word.given(step, outcome(done), word.issued(step));
}

const backup = { kind: "backup", mirrors: ["gen1", "gen2"] } as const;

test("a local mirror may stay split after a backup that was carried out, until a resync surely was", () => {
  const word = new OperatorsWord();
  const maySplit = (): boolean[] => [word.mayBeSplit("gen1"), word.mayBeSplit("gen2")];
  give(word, { kind: "create", pair: "gen1" }, "yes");
  give(word, backup, "no");
  expect(maySplit()).toEqual([false, false]);
  give(word, backup, "yes");
  expect(maySplit()).toEqual([true, true]);
  give(word, { kind: "resync", pair: "gen1" }, "unknown");
  expect(maySplit()).toEqual([true, true]);
  give(word, { kind: "resync", pair: "gen1" }, "yes");
  expect(maySplit()).toEqual([false, true]);
  expect([...word.created]).toEqual(["gen1"]);
});

test("of a pair that was not created it counts whether a disk was to blame, at either end", () => {
  const create = { kind: "create", pair: "pair" } as const;
  const refused = (refusal: string): boolean[] => {
    const word = new OperatorsWord();
    word.given(create, { done: "no", refusal }, word.issued(create));
    return [word.isAnyCreated, word.isCreationPrevented];
  };
  expect(refused("PAIR_EXISTS: pair=pair")).toEqual([false, false]);
  expect(refused("DISK_FAILED: volume=meta code=EIO")).toEqual([false, true]);
  expect(refused("PEER_REFUSED: pair=pair reason=DISK_FAILED")).toEqual([false, true]);
  const word = new OperatorsWord();
  give(word, create, "unknown");
  expect([...word.created]).toEqual(["pair"]);
  word.given(create, { done: "no", refusal: "DISK_FAILED: volume=meta code=EIO" }, word.issued(create));
  expect([[...word.created], word.isCreationPrevented]).toEqual([[], true]);
  word.given(create, { done: "no", refusal: "MIRROR_MISFIT: pair=pair" }, word.issued(create));
  expect(word.isCreationPrevented).toBe(false);
});

test("a resync may not have been carried out if nobody answered, or a disk or a mixture refused it, until a later word", () => {
  const word = new OperatorsWord();
  const step = { kind: "resync", pair: "pair", direction: "reverse" } as const;
  give(word, step, "yes");
  expect(word.unfulfilled("pair")).toBeUndefined();
  give(word, step, "unknown");
  expect(word.unfulfilled("pair")).toEqual(step);
  give(word, step, "yes");
  expect(word.unfulfilled("pair")).toBeUndefined();
  word.given(step, { done: "no", refusal: "DISK_FAILED: volume=meta code=EIO" }, word.issued(step));
  expect(word.unfulfilled("pair")).toEqual(step);
  give(word, step, "yes");
  word.given(step, { done: "no", refusal: "NOT_CONSISTENT: pair=pair" }, word.issued(step));
  expect(word.unfulfilled("pair")).toEqual(step);
  const split = { kind: "split", pair: "pair", secondary: "read-only" } as const;
  give(word, split, "no");
  expect(word.unfulfilled("pair")).toEqual(step);
  give(word, split, "yes");
  expect(word.unfulfilled("pair")).toBeUndefined();
  word.given(step, { done: "no", refusal: "ILLEGAL_TRANSITION: pair=pair" }, word.issued(step));
  expect(word.unfulfilled("pair")).toBeUndefined();
});

test("two sides may have writers after a takeover or a split read-write, until a resync surely was carried out", () => {
  const word = new OperatorsWord();
  give(word, { kind: "split", pair: "pair", secondary: "read-only" }, "yes");
  expect(word.mayHaveTwoWriters("pair")).toBe(false);
  for (const step of [
    { kind: "takeover", pair: "pair" },
    { kind: "split", pair: "pair", secondary: "read-write" },
  ] as const) {
    give(word, step, "yes");
    expect(word.mayHaveTwoWriters("pair")).toBe(true);
    give(word, { kind: "resync", pair: "pair" }, "unknown");
    expect(word.mayHaveTwoWriters("pair")).toBe(true);
    give(word, { kind: "resync", pair: "pair" }, "yes");
    expect(word.mayHaveTwoWriters("pair")).toBe(false);
  }
  give(word, { kind: "takeover", pair: "pair" }, "unknown");
  expect(word.mayHaveTwoWriters("pair")).toBe(true);
});

test("a backup that nobody answered may be carried out later, after a resync", () => {
  const word = new OperatorsWord();
  give(word, backup, "unknown");
  give(word, { kind: "resync", pair: "gen1" }, "yes");
  expect(word.mayBeSplit("gen1")).toBe(true);
});

test("of a backup and a resync at once either may be the later one, whichever is answered first", () => {
  const resync = { kind: "resync", pair: "gen1" } as const;
  for (const isBackupFirst of [true, false]) {
    const word = new OperatorsWord();
    const [resyncAt, backupAt] = [word.issued(resync), word.issued(backup)];
    if (isBackupFirst) word.given(backup, outcome("yes"), backupAt);
    word.given(resync, outcome("yes"), resyncAt);
    if (!isBackupFirst) word.given(backup, outcome("yes"), backupAt);
    expect(word.mayBeSplit("gen1")).toBe(true);
    give(word, resync, "yes");
    expect(word.mayBeSplit("gen1")).toBe(false);
  }
});

test("a pair that was created, and whose deletion nobody answered, is none that must converge; but some was", () => {
  const word = new OperatorsWord();
  expect(word.isAnyCreated).toBe(false);
  give(word, { kind: "create", pair: "gen1" }, "no");
  expect(word.isAnyCreated).toBe(false);
  give(word, { kind: "create", pair: "gen1" }, "yes");
  give(word, { kind: "delete", pair: "gen1", scope: "both" }, "unknown");
  expect([...word.created]).toEqual([]);
  expect(word.isAnyCreated).toBe(true);
});
