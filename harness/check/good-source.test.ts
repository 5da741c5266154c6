import { expect, test } from "vitest";
import type { CheckResult } from "./checker.ts";
import { failed, failureOf, onePair, Stage, sectors } from "./stage.fixture.ts";

/** Both sides write after a takeover, then b overwrites a. */
function diverge(prepare: (stage: Stage) => void): CheckResult {
  const stage = new Stage(onePair("async"));
  for (const side of ["a pair", "b pair"]) stage.pending.get(side)?.add(0);
  stage.write(["a/pvol"], 1, sectors(9));
  stage.checker.linkCut("link");
  stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
  stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
  prepare(stage);
  stage.report("a", "pair", { role: "secondary", status: "COPY", consistent: false });
  stage.report("b", "pair", { role: "primary", status: "COPY" });
  stage.put("a/pvol", 0, stage.content("b/svol", 0, 2));
  return stage.checker.finish();
}

const takeover = (stage: Stage): void =>
  stage.checker.adminDone(stage.checker.adminIssued("b", { kind: "takeover", pair: "pair" }));

test("G: a takeover agrees to lose what was acknowledged before it, not after", () => {
  const before = diverge(takeover);
  expect(failed(before)).toEqual([]);
  expect(before.checks.G).toBe(1);
  const after = diverge((stage) => {
    takeover(stage);
    stage.write(["a/pvol"], 0, sectors(1));
  });
  expect(failed(after)).toEqual(["G"]);
  expect(failureOf(after, "G").blame).toMatchObject([{ volume: "a/pvol", offsetBytes: 0, found: "initial zeros" }]);
  expect(failureOf(after, "G").blame[0]?.expected).toContain("write #1");
});

test("G: a takeover agrees to lose what an asynchronous primary acknowledged alone if it was asked for before, not so a synchronous one", () => {
  const overwrite = (mode: "sync" | "async", isBefore: boolean): CheckResult => {
    const stage = new Stage(onePair(mode));
    for (const side of ["a pair", "b pair"]) stage.pending.get(side)?.add(0);
    const before = isBefore ? stage.issue("a/pvol", 0, sectors(1)) : undefined;
    stage.checker.linkCut("link");
    for (const side of ["a", "b"]) stage.report(side, "pair", { status: "SPLIT", suspension: "link" });
    const write = before ?? stage.issue("a/pvol", 0, sectors(1));
    stage.put("a/pvol", 0, sectors(1));
    stage.checker.acknowledged(write);
    takeover(stage);
    stage.report("a", "pair", { role: "secondary", status: "COPY", consistent: false });
    stage.report("b", "pair", { role: "primary", status: "COPY" });
    stage.put("a/pvol", 0, stage.content("b/svol", 0, 1));
    return stage.checker.finish();
  };
  expect(failed(overwrite("async", true))).toEqual([]);
  expect(failed(overwrite("async", false))).toEqual(["G"]);
  expect(failed(overwrite("sync", true))).toEqual(["G"]);
});

test("G: without a command nothing of the overwritten side may be lost, and a refused one agrees to nothing", () => {
  expect(failed(diverge(() => {}))).toEqual(["G"]);
  const refused = diverge((stage) =>
    stage.checker.adminRefused(stage.checker.adminIssued("b", { kind: "takeover", pair: "pair" })),
  );
  expect(failed(refused)).toEqual(["G"]);
});

test("G: a resync agrees for the side that its direction overwrites, and no other", () => {
  for (const direction of ["forward", "reverse"] as const) {
    const result = diverge((stage) => stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction }));
    expect(failed(result)).toEqual(direction === "reverse" ? [] : ["G"]);
  }
});

test("G: a resync that was chosen before a takeover agrees to nothing that the new primary acknowledged after it", () => {
  const overwrite = (takesOver: boolean): CheckResult => {
    const stage = new Stage(onePair("async"));
    for (const side of ["a pair", "b pair"]) stage.pending.get(side)?.add(0);
    stage.write(["a/pvol"], 1, sectors(9));
    stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction: "forward" }));
    stage.checker.linkCut("link");
    stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
    stage.report("b", "pair", { status: "SPLIT", suspension: "operator" });
    if (takesOver) {
      takeover(stage);
      stage.report("b", "pair", { role: "primary", suspension: "takeover" });
    }
    stage.write(["b/svol"], 0, sectors(1));
    stage.report("b", "pair", { role: "secondary", status: "COPY", consistent: false });
    stage.put("b/svol", 0, stage.content("a/pvol", 0, 1));
    return stage.checker.finish();
  };
  expect(failed(overwrite(false))).toEqual([]);
  expect(failed(overwrite(true))).toEqual(["G"]);
});

test("A: what a resync overwrote with consent is not wanted again when a host is refused what would have looked the same", () => {
  for (const agrees of [true, false]) {
    const stage = new Stage(onePair("async"));
    stage.pending.get("a pair")?.add(0);
    stage.write(["a/pvol"], 0, sectors(9));
    stage.checker.linkCut("link");
    stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
    stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
    if (agrees) {
      const reverse = { kind: "resync", pair: "pair", direction: "reverse" } as const;
      stage.checker.adminDone(stage.checker.adminIssued("a", reverse));
    }
    stage.report("a", "pair", { role: "secondary", status: "COPY", consistent: false });
    stage.report("b", "pair", { role: "primary", status: "COPY" });
    const zeroes = stage.issue("a/pvol", 0, stage.content("b/svol", 0));
    stage.put("a/pvol", 0, stage.content("b/svol", 0), "trim");
    stage.checker.failed(zeroes, "REFUSED");
    stage.pending.get("a pair")?.clear();
    for (const system of ["a", "b"]) stage.report(system, "pair", { status: "DUPLEX", consistent: true });
    expect(failed(stage.checker.finish())).toEqual(agrees ? [] : ["A"]);
  }
});

test("G: once a primary knows that it is to be overwritten, what it acknowledges must stay", () => {
  for (const isAnswered of [true, false]) {
    const result = diverge((stage) => {
      const command = stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction: "reverse" });
      if (isAnswered) stage.checker.adminDone(command);
      stage.write(["a/pvol"], 0, sectors(1));
    });
    expect(failed(result)).toEqual(isAnswered ? ["G"] : []);
  }
});

test("G: a primary that took over, and is to be overwritten, may acknowledge until it hears of it", () => {
  for (const hasHeard of [false, true]) {
    const stage = new Stage(onePair("async"));
    for (const side of ["a pair", "b pair"]) stage.pending.get(side)?.add(0);
    for (const system of ["a", "b"]) stage.report(system, "pair", { status: "SPLIT", suspension: "link" });
    takeover(stage);
    stage.report("b", "pair", { role: "primary" });
    stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction: "forward" }));
    if (hasHeard) stage.report("b", "pair", { role: "secondary", status: "COPY", consistent: false });
    stage.write(["b/svol"], 0, sectors(1));
    stage.report("b", "pair", { role: "secondary", status: "COPY", consistent: false });
    stage.put("b/svol", 0, stage.content("a/pvol", 0));
    expect(failed(stage.checker.finish()).includes("G")).toBe(hasHeard);
  }
});

test("G: two ends are primary only when somebody took over", () => {
  for (const kind of ["takeover", "failback"] as const) {
    const stage = new Stage(onePair("sync"));
    for (const system of ["a", "b"]) stage.report(system, "pair", { status: "SPLIT", suspension: "link" });
    stage.checker.adminDone(stage.checker.adminIssued("b", { kind, pair: "pair" }));
    stage.report("b", "pair", { role: "primary" });
    expect(failed(stage.checker.finish())).toEqual(kind === "takeover" ? [] : ["G"]);
  }
});

test("U: what a read had shown absent may come back by a resync that an operator chose, also under what is newer", () => {
  for (const direction of ["reverse", "forward"] as const) {
    const stage = new Stage(onePair("async"));
    stage.pending.get("a pair")?.add(0);
    const lost = stage.issue("a/pvol", 0, sectors(1));
    stage.put("b/svol", 0, sectors(1));
    stage.checker.failed(lost, "GONE");
    stage.read("a/pvol", 0, stage.content("a/pvol", 0));
    stage.checker.linkCut("link");
    stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
    stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
    stage.write(["a/pvol"], 0, sectors(2));
    stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction }));
    stage.report("a", "pair", { status: "COPY", consistent: false });
    stage.put("a/pvol", 0, stage.content("b/svol", 0));
    stage.read("a/pvol", 0, stage.content("a/pvol", 0));
    expect(failed(stage.checker.finish()).includes("U")).toBe(direction === "forward");
  }
});

test("G: a takeover that waits while the pair becomes DUPLEX is still the operator's word; one that was answered before is not", () => {
  const bothPrimary = (isAnswered: boolean): CheckResult => {
    const stage = new Stage(onePair("async"));
    stage.report("a", "pair", { status: "COPY" });
    stage.report("b", "pair", { status: "COPY", consistent: false });
    const command = stage.checker.adminIssued("b", { kind: "takeover", pair: "pair" });
    if (isAnswered) stage.checker.adminDone(command, false);
    stage.report("a", "pair", { status: "DUPLEX" });
    stage.report("b", "pair", { status: "DUPLEX", consistent: true });
    stage.checker.linkCut("link");
    stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
    stage.report("b", "pair", { status: "SPLIT", suspension: "takeover", role: "primary" });
    if (!isAnswered) stage.checker.adminDone(command);
    return stage.checker.finish();
  };
  expect(failed(bothPrimary(false))).toEqual([]);
  expect(failed(bothPrimary(true))).toEqual(["G"]);
});

test("G: a takeover that was carried out, with its answer under way still, is spent once the pair is DUPLEX with the other end as secondary", () => {
  const stage = new Stage(onePair("async"));
  for (const system of ["a", "b"]) stage.report(system, "pair", { status: "SPLIT", suspension: "link" });
  stage.checker.adminIssued("b", { kind: "takeover", pair: "pair" });
  stage.report("b", "pair", { role: "primary", suspension: "takeover" });
  stage.report("a", "pair", { role: "secondary", status: "COPY", consistent: false });
  for (const system of ["b", "a"]) stage.report(system, "pair", { status: "DUPLEX", consistent: true });
  stage.report("a", "pair", { role: "primary", status: "SPLIT", suspension: "link" });
  expect(failed(stage.checker.finish())).toEqual(["G"]);
});

test("G: a takeover that waited while the pair became DUPLEX agrees to lose what was acknowledged before its answer, not after", () => {
  const overwrite = (isAcknowledgedAfter: boolean): CheckResult => {
    const stage = new Stage(onePair("async"));
    for (const side of ["a pair", "b pair"]) stage.pending.get(side)?.add(0);
    stage.report("a", "pair", { status: "COPY" });
    stage.report("b", "pair", { status: "COPY", consistent: false });
    const command = stage.checker.adminIssued("b", { kind: "takeover", pair: "pair" });
    stage.report("b", "pair", { status: "DUPLEX", consistent: true });
    stage.report("a", "pair", { status: "DUPLEX" });
    stage.checker.linkCut("link");
    if (!isAcknowledgedAfter) stage.write(["a/pvol"], 0, sectors(1));
    stage.report("b", "pair", { role: "primary", status: "SPLIT", suspension: "takeover" });
    stage.checker.adminDone(command);
    if (isAcknowledgedAfter) stage.write(["a/pvol"], 0, sectors(1));
    stage.report("a", "pair", { role: "secondary", status: "COPY", consistent: false });
    stage.put("a/pvol", 0, stage.content("b/svol", 0));
    return stage.checker.finish();
  };
  expect(failed(overwrite(false))).toEqual([]);
  expect(failed(overwrite(true))).toEqual(["G"]);
});
