import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { PairReport } from "../target/target.ts";
import { followingStage } from "./journal-stage.fixture.ts";
import { failed, failureOf, onePair, Stage, sectors } from "./stage.fixture.ts";

const both = ["a/pvol", "b/svol"];

test("X: a suspended secondary that has a later write but lacks an earlier one", () => {
  for (const torn of [false, true]) {
    const stage = new Stage(onePair("async"));
    for (const track of [0, 1, 2]) stage.pending.get("a pair")?.add(track);
    stage.write(both, 0, sectors(1));
    stage.write(torn ? ["a/pvol"] : both, 4, sectors(2));
    stage.write(both, 8, sectors(3));
    stage.write(["a/pvol"], 0, sectors(4));
    stage.checker.linkCut("link");
    stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(torn ? ["X"] : []);
    expect(result.checks.X).toBe(1);
    if (torn) {
      const failure = failureOf(result, "X");
      expect(failure.message).toContain("write #2");
      expect(failure.blame).toMatchObject([
        { volume: "b/svol", offsetBytes: 4 * SECTOR_BYTES, found: "initial zeros" },
      ]);
      expect(failure.blame[0]?.expected).toContain("write #1");
    }
  }
});

test("X: what arrives after the cut still counts, until the claim ends", () => {
  const stage = new Stage(onePair("async"));
  for (const track of [0, 1]) stage.pending.get("a pair")?.add(track);
  stage.write(["a/pvol"], 0, sectors(1));
  stage.write(both, 4, sectors(2));
  stage.checker.linkCut("link");
  stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
  stage.put("b/svol", 0, sectors(1));
  stage.report("b", "pair", { status: "COPY", consistent: false });
  const result = stage.checker.finish();
  expect(failed(result)).toEqual([]);
  expect(result.checks.X).toBe(1);
});

test("X: the end of a claim is seen even when an acknowledgement is the first to show it", () => {
  const stage = new Stage(onePair("sync"));
  stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
  for (const track of [0, 1, 2]) stage.pending.get("a pair")?.add(track);
  stage.write(["a/pvol"], 0, sectors(1));
  stage.write(both, 4, sectors(2));
  stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
  const split = stage.reports.get("b pair") as PairReport;
  stage.reports.set("b pair", { ...split, status: "COPY", consistent: false });
  stage.write(["a/pvol"], 8, sectors(3));
  stage.put("b/svol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual(["X"]);
});

test("X: a secondary that claims to be consistent while it is overwritten is not taken for the source", () => {
  for (const isSource of [false, true]) {
    const stage = new Stage(onePair("async"));
    stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
    for (const track of [0, 1]) stage.pending.get("a pair")?.add(track);
    stage.write(["a/pvol"], 0, sectors(1));
    stage.write(["a/pvol"], 4, sectors(2));
    stage.report("b", "pair", { status: "COPY", ...(isSource ? { progress: { done: 0, total: 2 } } : {}) });
    stage.put("b/svol", 4, sectors(2));
    stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
    expect(failed(stage.checker.finish())).toEqual(isSource ? [] : ["X"]);
  }
});

test("X: pairs of one link are one group, unless they were suspended by themselves", () => {
  for (const suspension of ["link", "operator"]) {
    const stage = new Stage([
      { name: "one", primary: "a/p1", secondary: "b/s1", mode: "async" },
      { name: "two", primary: "a/p2", secondary: "b/s2", mode: "async" },
    ]);
    stage.pending.get("a one")?.add(0);
    stage.pending.get("a two")?.add(0);
    stage.write(["a/p1"], 0, sectors(1));
    stage.write(["a/p2", "b/s2"], 0, sectors(2));
    stage.checker.linkCut("link");
    stage.report("b", "one", { status: "SPLIT", suspension });
    stage.report("b", "two", { status: "SPLIT", suspension: "link" });
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(suspension === "link" ? ["X"] : []);
    if (suspension === "link") expect(failureOf(result, "X").blame[0]?.volume).toBe("b/s1");
  }
});

test.each([
  { host: "the primary's", write: ["a/data", "b/data"], breaks: true },
  { host: "the secondary's own", write: ["b/data", "a/data"], breaks: false },
])("X: of another pair only a write of $host hosts says what came before it", ({ write, breaks }) => {
  const pairs = ["data", "log"].map((name) => ({
    name,
    primary: `a/${name}`,
    secondary: `b/${name}`,
    mode: "async" as const,
  }));
  const stage = new Stage(pairs);
  for (const name of ["data", "log"]) stage.pending.get(`a ${name}`)?.add(0);
  stage.write(["a/log"], 0, sectors(1));
  stage.write(write, 0, sectors(2));
  stage.checker.linkCut("link");
  for (const name of ["data", "log"]) stage.report("b", name, { status: "SPLIT", suspension: "link" });
  expect(failed(stage.checker.finish())).toEqual(breaks ? ["X"] : []);
});

test("X: what is back as power took a write over it is the copy that was there, though the primary has the same content again", () => {
  for (const reason of ["power-loss", "write"] as const) {
    const stage = new Stage(onePair("async"));
    stage.pending.get("a pair")?.add(0);
    stage.write(both, 0, sectors(1));
    stage.checker.linkCut("link");
    for (const side of ["a", "b"]) stage.report(side, "pair", { status: "SPLIT", suspension: "link" });
    stage.write(["a/pvol"], 0, new Uint8Array(512));
    stage.write(["a/pvol"], 1, sectors(2));
    stage.write(["a/pvol"], 0, sectors(1));
    stage.write(["b/svol"], 0, new Uint8Array(512));
    stage.put("b/svol", 0, sectors(1), reason);
    expect(failed(stage.checker.finish())).toEqual(reason === "write" ? ["X"] : []);
  }
});

test("X: a pair that was split, and hears of it only after the link is gone, is of no group any more", () => {
  for (const hears of [false, true]) {
    const stage = new Stage([
      { name: "one", primary: "a/p1", secondary: "b/s1", mode: "async" },
      { name: "two", primary: "a/p2", secondary: "b/s2", mode: "async" },
    ]);
    stage.pending.get("a one")?.add(0);
    stage.pending.get("a two")?.add(0);
    stage.write(["a/p1"], 0, sectors(1));
    stage.write(["a/p2", "b/s2"], 0, sectors(2));
    stage.checker.linkCut("link");
    stage.report("b", "one", { status: "SPLIT", suspension: "link" });
    stage.report("b", "two", { status: "SPLIT", suspension: "link" });
    if (hears) stage.report("b", "one", { status: "SPLIT", suspension: "operator" });
    expect(failed(stage.checker.finish())).toEqual(hears ? [] : ["X"]);
  }
});

test("X: after a power loss of the secondary only what a host flushed before must be there", () => {
  for (const flushed of [false, true]) {
    const stage = new Stage(onePair("async"));
    for (const track of [0, 1]) stage.pending.get("a pair")?.add(track);
    stage.write(both, 0, sectors(1));
    if (flushed) stage.flush("a/pvol");
    stage.write(both, 4, sectors(2));
    stage.checker.systemDown("b", "power");
    stage.down.add("b");
    stage.put("b/svol", 0, new Uint8Array(SECTOR_BYTES), "power-loss");
    stage.down.delete("b");
    stage.report("b", "pair", { status: "SPLIT", suspension: "crash" });
    stage.checker.systemUp("b");
    expect(failed(stage.checker.finish())).toEqual(flushed ? ["X"] : []);
  }
});

test("X: what a dead secondary said last does not end the weaker rule of its power loss", () => {
  const stage = new Stage(onePair("async"));
  for (const track of [0, 1]) stage.pending.get("a pair")?.add(track);
  stage.write(both, 0, sectors(1));
  stage.write(both, 4, sectors(2));
  stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
  stage.checker.systemDown("b", "power");
  stage.down.add("b");
  stage.put("b/svol", 0, new Uint8Array(SECTOR_BYTES), "power-loss");
  // The primary is DUPLEX again by its own word, and DUPLEX was the last word of b.
  stage.report("a", "pair", { status: "DUPLEX", suspension: "" });
  stage.down.delete("b");
  stage.report("b", "pair", { status: "SPLIT", suspension: "crash" });
  stage.checker.systemUp("b");
  expect(failed(stage.checker.finish())).toEqual([]);
});

test("X: where a world is looked at now and then, a claim whose end was not seen is no measure; one that goes on is", () => {
  for (const goesOn of [false, true]) {
    const stage = new Stage(onePair("async"), 32, [], { saidSince: () => 0 });
    for (const track of [0, 1]) stage.pending.get("a pair")?.add(track);
    stage.write(["a/pvol"], 0, sectors(1));
    stage.write(both, 4, sectors(2));
    stage.checker.linkCut("link");
    // Without the first write: the claim is false. Or a resync began that was not seen, as its system went down.
    stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
    stage.down.add("b");
    stage.checker.systemDown("b", "kill");
    stage.checker.observe();
    const split = stage.reports.get("b pair") as PairReport;
    stage.reports.set("b pair", { ...split, suspension: "crash", consistent: goesOn });
    stage.down.delete("b");
    stage.checker.systemUp("b");
    expect(failed(stage.checker.finish())).toEqual(goesOn ? ["X"] : []);
  }
});

test("X: a pair that was only about to be copied is of an earlier moment than those that were in step", () => {
  for (const before of ["COPY", "DUPLEX"] as const) {
    const stage = new Stage([
      { name: "data", primary: "a/data-p", secondary: "b/data-s", mode: "async" },
      { name: "log", primary: "a/log-p", secondary: "b/log-s", mode: "async" },
    ]);
    for (const system of ["a", "b"]) stage.report(system, "data", { status: before });
    stage.pending.get("a data")?.add(0);
    stage.write(["a/data-p"], 0, sectors(1));
    stage.write(["a/log-p", "b/log-s"], 0, sectors(2));
    stage.checker.linkCut("link");
    for (const pair of ["data", "log"]) stage.report("b", pair, { status: "SPLIT", suspension: "link" });
    expect(failed(stage.checker.finish())).toEqual(before === "COPY" ? [] : ["X"]);
  }
});

test("X: a pair that was in step between two losses of the link is of a later moment than one that stayed suspended", () => {
  for (const rejoined of [["data"], ["data", "log"]]) {
    const stage = new Stage(
      ["data", "log"].map((name) => ({ name, primary: `a/${name}-p`, secondary: `b/${name}-s`, mode: "async" })),
    );
    const suspended = { status: "SPLIT", suspension: "link", consistent: true } as const;
    const say = (pairs: readonly string[], report: Partial<PairReport>): void => {
      for (const pair of pairs) stage.report("b", pair, report);
    };
    stage.write(["a/data-p", "b/data-s"], 0, sectors(1));
    say(["data", "log"], suspended);
    say(rejoined, { status: "COPY", suspension: "", consistent: false });
    say(rejoined, { status: "DUPLEX", consistent: true });
    stage.pending.get("a log")?.add(0);
    stage.write(["a/log-p"], 0, sectors(2));
    stage.write(["a/data-p", "b/data-s"], 1, sectors(3));
    say(rejoined, suspended);
    expect(failed(stage.checker.finish())).toEqual(rejoined.includes("log") ? ["X"] : []);
  }
});

test("X: a pair whose resync a crash took back is of an earlier moment than those that were in step", () => {
  for (const before of ["COPY", "DUPLEX"] as const) {
    const stage = new Stage([
      { name: "data", primary: "a/data-p", secondary: "b/data-s", mode: "async" },
      { name: "log", primary: "a/log-p", secondary: "b/log-s", mode: "async" },
    ]);
    stage.report("b", "data", { status: before, consistent: before === "DUPLEX" });
    stage.pending.get("a data")?.add(0);
    stage.write(["a/data-p"], 0, sectors(1));
    stage.write(["a/log-p", "b/log-s"], 0, sectors(2));
    stage.down.add("b");
    stage.checker.systemDown("b", "kill");
    // The other end hears of it first.
    stage.report("a", "data", { status: "SPLIT", suspension: "link" });
    stage.down.delete("b");
    stage.report("b", "data", { status: "SPLIT", suspension: "link", consistent: true });
    stage.report("b", "log", { status: "SPLIT", suspension: "crash" });
    stage.checker.systemUp("b");
    expect(failed(stage.checker.finish())).toEqual(before === "COPY" ? [] : ["X"]);
  }
});

test("X: what a secondary has still to bring of a recovery that it follows is there for its hosts; what it has brought must be", () => {
  for (const left of [[0], [2], []]) {
    const stage = followingStage([0, 2]);
    stage.log(4, sectors(3));
    stage.put("b/svol", 4, sectors(3));
    stage.checker.linkCut("link");
    stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
    stage.restoring("b/svol", left);
    expect(failed(stage.checker.finish())).toEqual(left.includes(0) ? [] : ["X"]);
  }
});
