import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { AdminCommand } from "../target/target.ts";
import { followingStage, JournalStage } from "./journal-stage.fixture.ts";
import { failed, failureOf, onePair, Stage, type StagePair, sectors } from "./stage.fixture.ts";

const PAIRS: StagePair[] = [{ name: "copy", primary: "a/pvol", secondary: "a/mirror", mode: "sync" }];
const BOTH = ["a/pvol", "a/mirror"];
const RESTORE: AdminCommand = { kind: "restore", pair: "copy", scope: "changed" };

/** `mirror` was split with sectors 1 in track 0 and 1; since then a host wrote 2 to both tracks. */
function splitStage(pairs: readonly StagePair[] = PAIRS): Stage {
  const stage = new Stage(pairs);
  for (const tracks of stage.pending.values()) for (let track = 0; track < 8; track++) tracks.add(track);
  stage.write(BOTH, 0, sectors(1, 8));
  stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "split", pair: "copy", secondary: "read-only" }));
  const change = { status: "SPLIT", suspension: "operator", splitCount: 1 } as const;
  stage.report("a", "copy", change);
  stage.reportMirror("a", "copy", change);
  stage.write(["a/pvol"], 0, sectors(2, 8));
  return stage;
}

function accept(stage: Stage, left: readonly number[] = [0, 1], altered: readonly number[] = []): void {
  const command = stage.checker.adminIssued("a", RESTORE);
  stage.restoring("a/pvol", left, altered);
  stage.checker.adminDone(command);
}

/** The mirror's content of a track. */
function bring(stage: Stage, track: number): void {
  stage.put("a/pvol", track * 4, sectors(1, 8).subarray(track * 4 * SECTOR_BYTES, (track + 1) * 4 * SECTOR_BYTES));
}

test.each([true, false])(
  "S: what a resync brings is not a restore's to bring any more, also where it is there already, if it was asked for: %s",
  (isAsked) => {
    const stage = new JournalStage(undefined, onePair("async"));
    stage.pending.get("a pair")?.add(0);
    const lsn = stage.log(0, sectors(1));
    stage.put("b/svol", 0, sectors(1));
    stage.log(0, sectors(2));
    stage.put("b/svol", 0, sectors(2));
    stage.recover({ lsn }, [0]);
    if (isAsked)
      stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction: "reverse" }));
    stage.report("a", "pair", { role: "secondary", status: "COPY", consistent: false });
    stage.report("b", "pair", { role: "primary", status: "COPY" });
    stage.put("a/pvol", 0, sectors(2));
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish())).toEqual(isAsked ? [] : ["S"]);
  },
);

test("S: a restore that brings everything passes, and what hosts write meanwhile is newer", () => {
  const stage = splitStage();
  accept(stage, [0, 1], [1]);
  stage.read("a/pvol", 0, sectors(1));
  bring(stage, 0);
  stage.restoring("a/pvol", [1], [1]);
  bring(stage, 1);
  stage.write(["a/pvol"], 5, sectors(3));
  stage.checker.checkpoint();
  stage.restoring("a/pvol", []);
  stage.read("a/pvol", 5, sectors(3));
  const result = stage.checker.finish();
  expect(result.failures).toEqual([]);
  expect(result.invariants.S).toBe("PASS");
});

test("S: a restore that ends without a track", () => {
  const stage = splitStage();
  accept(stage);
  bring(stage, 0);
  stage.restoring("a/pvol", []);
  const failure = failureOf(stage.checker.finish(), "S");
  expect(failure.blame[0]).toMatchObject({ volume: "a/pvol", offsetBytes: 4 * SECTOR_BYTES });
  expect(failure.blame[0]?.found).toContain("write #1");
});

test("S: what a resync has brought over a restore that still runs is no part of it any more", () => {
  for (const isResync of [true, false]) {
    const remote: StagePair = { name: "pair", primary: "a/pvol", secondary: "b/svol", mode: "async" };
    const stage = splitStage([...PAIRS, remote]);
    stage.report("a", "pair", { status: "SPLIT", suspension: "operator" });
    stage.report("b", "pair", { status: "SPLIT", suspension: "operator" });
    stage.write(["b/svol"], 0, sectors(3, 8));
    accept(stage);
    bring(stage, 0);
    const command = stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction: "reverse" });
    stage.checker.adminDone(command);
    if (isResync) stage.report("a", "pair", { status: "COPY", suspension: "", consistent: false });
    stage.put("a/pvol", 0, sectors(3, 8));
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish())).toEqual(isResync ? [] : ["S"]);
  }
});

test("A: a host never reads what is being replaced (CR-7)", () => {
  for (const tag of [1, 2]) {
    const stage = splitStage();
    accept(stage);
    stage.read("a/pvol", 0, sectors(tag));
    bring(stage, 0);
    bring(stage, 1);
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish())).toEqual(tag === 1 ? [] : ["A"]);
  }
});

test("S: a restore brings what is neither the backup nor newer", () => {
  const stage = new Stage(PAIRS);
  for (const tracks of stage.pending.values()) tracks.add(0);
  stage.write(BOTH, 0, sectors(1));
  stage.write(BOTH, 0, sectors(2));
  const change = { status: "SPLIT", suspension: "operator" } as const;
  stage.report("a", "copy", change);
  stage.reportMirror("a", "copy", change);
  stage.write(["a/pvol"], 0, sectors(3));
  accept(stage, [0]);
  stage.put("a/pvol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual(["S"]);
});

test("S: a restored track does not come over what a host wrote during the restore", () => {
  const stage = splitStage();
  accept(stage, [0, 1], [0]);
  stage.write(["a/pvol"], 0, sectors(3));
  bring(stage, 0);
  expect(failed(stage.checker.finish())).toContain("S");
});

test("S: a host's change during a restore is recorded (CR-5)", () => {
  for (const recorded of [true, false]) {
    const stage = splitStage();
    accept(stage, [0, 1], recorded ? [0] : []);
    stage.write(["a/pvol"], 0, sectors(3));
    expect(failed(stage.checker.finish())).toEqual(recorded ? [] : ["S"]);
  }
});

test("S: the backup does not change while it is restored (CR-6)", () => {
  const stage = splitStage();
  accept(stage, [0, 1], [0]);
  stage.write(["a/pvol"], 0, sectors(3));
  stage.put("a/mirror", 0, sectors(3));
  expect(failed(stage.checker.finish())).toContain("S");
});

test("S: after a power loss the restore goes on, or everything is there", () => {
  for (const resumes of [true, false]) {
    const stage = splitStage();
    accept(stage);
    bring(stage, 0);
    stage.restoring("a/pvol", [1]);
    stage.checker.systemDown("a", "power");
    stage.down.add("a");
    stage.put("a/pvol", 0, sectors(2, 4), "power-loss");
    stage.checker.checkpoint();
    stage.down.delete("a");
    stage.restores.clear();
    if (resumes) stage.restoring("a/pvol", [0, 1]);
    stage.checker.systemUp("a");
    if (resumes) {
      bring(stage, 0);
      bring(stage, 1);
      stage.restoring("a/pvol", []);
    }
    expect(failed(stage.checker.finish()).includes("S")).toBe(!resumes);
  }
});

test("U: what power took of a restore is brought again, before a host sees what is there instead", () => {
  for (const brings of [true, false]) {
    const stage = splitStage();
    accept(stage, [0, 1], [0]);
    const operation = stage.issue("a/pvol", 0, sectors(9, 4));
    stage.put("a/pvol", 0, sectors(9, 4));
    stage.checker.systemDown("a", "kill");
    stage.checker.failed(operation, "GONE");
    stage.checker.systemUp("a");
    bring(stage, 0);
    stage.read("a/pvol", 0, sectors(1));
    stage.checker.systemDown("a", "power");
    stage.down.add("a");
    stage.put("a/pvol", 0, sectors(9, 4), "power-loss");
    stage.checker.checkpoint();
    stage.down.delete("a");
    stage.checker.systemUp("a");
    if (brings) bring(stage, 0);
    bring(stage, 1);
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish()).filter((rule) => rule === "U")).toEqual(brings ? [] : ["U"]);
  }
});

test("S: a restore whose system dies before its answer arrives from elsewhere goes on", () => {
  const stage = splitStage();
  const command = stage.checker.adminIssued("b", RESTORE);
  stage.checker.systemDown("a", "kill");
  stage.down.add("a");
  stage.restoring("a/pvol", [0, 1]);
  stage.checker.adminDone(command);
  stage.checker.checkpoint();
  stage.down.delete("a");
  stage.checker.systemUp("a");
  bring(stage, 0);
  bring(stage, 1);
  stage.restoring("a/pvol", []);
  expect(stage.checker.finish().failures).toEqual([]);
});

test("S: a restore that nobody promised may be undone by a crash, but not in part", () => {
  for (const part of ["none", "one track", "all"] as const) {
    const stage = splitStage();
    const command = stage.checker.adminIssued("a", RESTORE);
    stage.restoring("a/pvol", [0, 1]);
    stage.restores.clear();
    stage.checker.systemDown("a", "kill");
    stage.down.add("a");
    stage.checker.adminDone(command, false);
    if (part !== "none") bring(stage, 0);
    if (part === "all") bring(stage, 1);
    stage.down.delete("a");
    stage.checker.systemUp("a");
    expect(failed(stage.checker.finish())).toEqual(part === "one track" ? ["S"] : []);
  }
});

test("S: what a start puts back where a request was refused is no sign of a restore that nobody promised", () => {
  for (const isRefused of [true, false]) {
    const stage = splitStage();
    stage.write(["a/pvol"], 0, sectors(1, 4));
    const request = stage.issue("a/pvol", 0, sectors(3, 4));
    stage.put("a/pvol", 0, sectors(3, 4));
    if (isRefused) stage.checker.failed(request, "EIO");
    else stage.checker.acknowledged(request);
    const command = stage.checker.adminIssued("a", RESTORE);
    stage.checker.systemDown("a", "kill");
    stage.down.add("a");
    stage.checker.adminDone(command, false);
    stage.put("a/pvol", 0, sectors(1, 4));
    stage.down.delete("a");
    stage.checker.systemUp("a");
    expect(failed(stage.checker.finish())).toEqual(isRefused ? [] : ["S"]);
  }
});

test("a restore that was refused changes nothing", () => {
  const stage = splitStage();
  stage.checker.adminRefused(stage.checker.adminIssued("a", RESTORE));
  stage.read("a/pvol", 0, sectors(2));
  expect(failed(stage.checker.finish())).toEqual([]);
  stage.put("a/pvol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toContain("F");
});

test("D: a track that is still to be brought may differ, no other one", () => {
  for (const left of [[0, 1], [0]]) {
    const stage = splitStage();
    accept(stage, left);
    stage.pending.get("a copy")?.clear();
    stage.checker.checkpoint();
    const isFound = stage.checker.finish().invariants.D === "FAIL";
    expect(isFound).toBe(left.length === 1);
  }
});

test("S: a recovery that a secondary follows goes over what a resync, which broke off, has brought there; not where it has nothing to bring", () => {
  for (const isLeft of [true, false]) {
    for (const consistent of [true, false]) {
      const stage = followingStage(isLeft ? [0, 1] : [1]);
      stage.log(0, sectors(3));
      stage.checker.linkCut("link");
      stage.report("b", "pair", { status: "COPY", consistent });
      stage.put("b/svol", 0, sectors(3));
      stage.report("b", "pair", { status: "SPLIT", suspension: "link", consistent });
      stage.put("b/svol", 0, sectors(1));
      expect(failed(stage.checker.finish()).includes("S")).toBe(!isLeft || consistent);
    }
  }
});
