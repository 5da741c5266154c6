import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { AdminCommand } from "../target/target.ts";
import { failed, failureOf, Stage, type StagePair, sectors } from "./stage.fixture.ts";

const CASCADE: StagePair[] = [
  { name: "pair", primary: "a/pvol", secondary: "b/svol", mode: "async" },
  { name: "copy", primary: "b/svol", secondary: "b/mirror", mode: "sync" },
];
/** Two volumes, each with a remote mirror and a local mirror of that. */
const GROUP: StagePair[] = [
  ...CASCADE,
  { name: "log", primary: "a/log-p", secondary: "b/log-s", mode: "async" },
  { name: "log-copy", primary: "b/log-s", secondary: "b/log-m", mode: "sync" },
];
const DATA = ["a/pvol", "b/svol", "b/mirror"];
const LOG = ["a/log-p", "b/log-s", "b/log-m"];
const BACKUP: AdminCommand = { kind: "backup", pairs: ["pair"], mirrors: ["copy"] };
const GROUP_BACKUP: AdminCommand = { kind: "backup", pairs: ["pair", "log"], mirrors: ["copy", "log-copy"] };

/** All tracks may differ: D is not the subject here. */
function stageOf(pairs: readonly StagePair[]): Stage {
  const stage = new Stage(pairs);
  for (const tracks of stage.pending.values()) for (let track = 0; track < 8; track++) tracks.add(track);
  return stage;
}

function split(stage: Stage, pair: string, consistent = true): void {
  const change = { status: "SPLIT", suspension: "operator", splitCount: 1 } as const;
  stage.report("b", pair, change);
  stage.reportMirror("b", pair, { ...change, consistent });
}

test("S: a backup of the moment of its command passes, whatever is written after it", () => {
  const stage = stageOf(CASCADE);
  stage.write(DATA, 0, sectors(1, 4));
  stage.write(DATA, 1, sectors(2));
  const command = stage.checker.adminIssued("a", BACKUP);
  stage.write(["a/pvol"], 0, sectors(3));
  split(stage, "copy");
  stage.put("b/svol", 0, sectors(3));
  stage.checker.adminDone(command);
  stage.checker.quiet();
  const result = stage.checker.finish();
  expect(result.failures).toEqual([]);
  expect(result.invariants.S).toBe("PASS");
});

test("S is not judged where nothing was backed up", () => {
  const stage = stageOf(CASCADE);
  stage.write(DATA, 0, sectors(1));
  expect(stage.checker.finish().invariants.S).toBe("NOT_APPLICABLE");
});

test("S: one sector too new, one too old", () => {
  for (const wrong of ["new", "old"] as const) {
    const stage = stageOf(CASCADE);
    stage.write(DATA, 0, sectors(1, 2));
    stage.write(wrong === "old" ? DATA.slice(0, 2) : DATA, 1, sectors(2));
    const command = stage.checker.adminIssued("a", BACKUP);
    if (wrong === "new") stage.write(DATA, 0, sectors(3));
    split(stage, "copy");
    stage.checker.adminDone(command);
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(["S"]);
    const [blame] = failureOf(result, "S").blame;
    expect(blame).toMatchObject({ volume: "b/mirror", offsetBytes: wrong === "new" ? 0 : SECTOR_BYTES });
    expect(blame?.found).toContain(wrong === "new" ? "write #2" : "write #0");
    expect(blame?.expected).toContain(wrong === "new" ? "write #0" : "write #1");
  }
});

test("S: a write under way at the command may be in the backup or not", () => {
  for (const isIn of [false, true]) {
    const stage = stageOf(CASCADE);
    const operation = stage.issue("a/pvol", 0, sectors(1));
    const command = stage.checker.adminIssued("a", BACKUP);
    stage.put("a/pvol", 0, sectors(1));
    if (isIn) for (const volume of ["b/svol", "b/mirror"]) stage.put(volume, 0, sectors(1));
    stage.checker.acknowledged(operation);
    split(stage, "copy");
    stage.checker.adminDone(command);
    expect(failed(stage.checker.finish())).toEqual([]);
  }
});

test("S: a backup does not change until it is made a mirror again", () => {
  for (const resynced of [false, true]) {
    const stage = stageOf(CASCADE);
    stage.write(DATA, 0, sectors(1));
    stage.checker.adminDone(stage.checker.adminIssued("a", BACKUP));
    split(stage, "copy");
    stage.write(DATA.slice(0, 2), 0, sectors(2));
    if (resynced) stage.reportMirror("b", "copy", { status: "COPY", consistent: false });
    stage.put("b/mirror", 0, sectors(2));
    expect(failed(stage.checker.finish())).toEqual(resynced ? [] : ["S"]);
  }
});

test("S: what was pending at the split is copied afterwards, and judged then", () => {
  for (const moment of [1, 2]) {
    const stage = stageOf(CASCADE);
    stage.write(DATA.slice(0, 2), 0, sectors(1));
    stage.checker.adminDone(stage.checker.adminIssued("a", BACKUP));
    split(stage, "copy", false);
    stage.write(DATA.slice(0, 2), 0, sectors(2));
    stage.checker.checkpoint();
    stage.put("b/mirror", 0, sectors(moment));
    stage.reportMirror("b", "copy", { consistent: true });
    expect(failed(stage.checker.finish())).toEqual(moment === 1 ? [] : ["S"]);
  }
});

test("S: a split that a crash undid promises nothing, a durable one survives it", () => {
  for (const durable of [false, true]) {
    const stage = stageOf(CASCADE);
    stage.write(DATA, 0, sectors(1));
    stage.write(DATA, 0, sectors(2));
    stage.checker.adminIssued("a", BACKUP);
    split(stage, "copy");
    stage.checker.systemDown("b", "power");
    stage.down.add("b");
    stage.put("b/mirror", 0, sectors(1), "power-loss");
    stage.checker.checkpoint();
    if (!durable)
      for (const end of ["b copy", "b copy mirror"]) {
        const report = stage.reports.get(end);
        if (report !== undefined)
          stage.reports.set(end, { ...report, status: "DUPLEX", suspension: "", splitCount: 0 });
      }
    stage.down.delete("b");
    stage.checker.systemUp("b");
    expect(failed(stage.checker.finish())).toEqual(durable ? ["S"] : []);
  }
});

test("S: a power loss undoes a split that nobody was told of, and no other", () => {
  for (const acknowledged of [false, true]) {
    const stage = stageOf(CASCADE);
    stage.write(DATA, 0, sectors(1));
    const command = stage.checker.adminIssued("a", BACKUP);
    split(stage, "copy");
    if (acknowledged) stage.checker.adminDone(command);
    stage.checker.systemDown("b", "power");
    stage.down.add("b");
    for (const end of ["b copy", "b copy mirror"]) {
      const report = stage.reports.get(end);
      if (report !== undefined) stage.reports.set(end, { ...report, status: "DUPLEX", suspension: "", splitCount: 0 });
    }
    stage.down.delete("b");
    stage.checker.systemUp("b");
    expect(failed(stage.checker.finish())).toEqual(acknowledged ? ["S"] : []);
  }
});

test("S: the mirrors of one command hold one moment", () => {
  // Given at b, the moment is later than the command: which one, the content tells.
  for (const [log, expected] of [
    [true, []],
    [false, ["S"]],
  ] as const) {
    const stage = stageOf(GROUP);
    const command = stage.checker.adminIssued("b", GROUP_BACKUP);
    stage.write(log ? LOG : LOG.slice(0, 2), 0, sectors(1));
    stage.write(DATA, 0, sectors(2));
    stage.write(["a/log-p"], 1, sectors(3));
    split(stage, "copy");
    split(stage, "log-copy");
    stage.checker.adminDone(command);
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(expected);
    if (!log) expect(failureOf(result, "S").blame).toMatchObject([{ volume: "b/log-m", offsetBytes: 0 }]);
  }
});

test("S: all mirrors of one command are split, or none", () => {
  const stage = stageOf(GROUP);
  stage.checker.adminIssued("a", GROUP_BACKUP);
  split(stage, "copy");
  stage.checker.checkpoint();
  expect(failureOf(stage.checker.finish(), "S").message).toContain("log-copy");
});

test("S: of two commands for one mirror, one for it alone, the other splits all of its mirrors, or none", () => {
  for (const isFirstOver of [true, false]) {
    const stage = stageOf(GROUP);
    const alone = stage.checker.adminIssued("a", BACKUP);
    if (!isFirstOver) stage.checker.adminIssued("a", GROUP_BACKUP);
    split(stage, "copy");
    stage.checker.adminDone(alone);
    if (isFirstOver) {
      stage.checker.adminIssued("a", GROUP_BACKUP);
      const again = { status: "SPLIT", suspension: "operator", splitCount: 2 } as const;
      stage.report("b", "copy", again);
      stage.reportMirror("b", "copy", again);
    }
    stage.checker.checkpoint();
    // The mirror was split once, which may be what the first command did, or twice, of which one is the second's.
    expect(failed(stage.checker.finish())).toEqual(isFirstOver ? ["S"] : []);
  }
});

test("S: a generation taken later leaves the earlier one as it is", () => {
  const stage = stageOf([...CASCADE, { name: "second", primary: "b/svol", secondary: "b/other", mode: "sync" }]);
  stage.write([...DATA, "b/other"], 0, sectors(1));
  stage.checker.adminDone(stage.checker.adminIssued("a", BACKUP));
  split(stage, "copy");
  stage.write(["a/pvol", "b/svol", "b/other"], 0, sectors(2));
  stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "backup", pairs: ["pair"], mirrors: ["second"] }));
  split(stage, "second");
  stage.write(["a/pvol", "b/svol"], 0, sectors(3));
  const result = stage.checker.finish();
  expect(failed(result)).toEqual([]);
  expect(result.checks.S).toBe(2);
});

test("S: a command that was refused is no moment, one that nobody answered may be", () => {
  for (const answer of ["refused", "unanswered"] as const) {
    const stage = stageOf(CASCADE);
    stage.write(DATA, 0, sectors(1));
    const first = stage.checker.adminIssued("a", BACKUP);
    if (answer === "refused") stage.checker.adminRefused(first);
    else {
      stage.checker.adminDone(first, false);
    }
    stage.write(DATA.slice(0, 2), 0, sectors(2));
    const second = stage.checker.adminIssued("a", BACKUP);
    split(stage, "copy");
    stage.checker.adminDone(second);
    expect(failed(stage.checker.finish())).toEqual(answer === "refused" ? ["S"] : []);
  }
});

test("S: a command that was overtaken by another one, and then not answered, may still be the one that splits", () => {
  for (const moment of [1, 2, 3]) {
    const stage = stageOf(CASCADE);
    stage.write(DATA, 0, sectors(4));
    const overtaking = stage.checker.adminIssued("a", BACKUP);
    stage.write(DATA.slice(0, 2), 0, sectors(1));
    const unanswered = stage.checker.adminIssued("a", BACKUP);
    split(stage, "copy");
    stage.checker.adminDone(overtaking);
    stage.write(DATA.slice(0, 2), 0, sectors(2));
    stage.checker.adminDone(unanswered, false);
    stage.write(DATA.slice(0, 2), 0, sectors(3));
    stage.checker.adminIssued("a", BACKUP);
    stage.reportMirror("b", "copy", { status: "COPY", consistent: false });
    stage.put("b/mirror", 0, sectors(moment));
    const again = { status: "SPLIT", suspension: "operator", splitCount: 2, consistent: true } as const;
    stage.report("b", "copy", again);
    stage.reportMirror("b", "copy", again);
    // The second of three commands is at the first of these writes, the third at the last; none is between.
    expect(failed(stage.checker.finish())).toEqual(moment === 2 ? ["S"] : []);
  }
});

test("S: hosts of a split mirror may write to it", () => {
  const stage = stageOf(CASCADE);
  stage.write(DATA, 0, sectors(1, 2));
  stage.checker.adminDone(stage.checker.adminIssued("b", { kind: "split", pair: "copy", secondary: "read-write" }));
  split(stage, "copy");
  stage.write(["b/mirror"], 0, sectors(2));
  expect(failed(stage.checker.finish())).toEqual([]);
});

test("S: a restore of what the mirror's hosts wrote leaves it theirs", () => {
  const stage = stageOf(CASCADE);
  stage.write(DATA, 0, sectors(1, 2));
  stage.checker.adminDone(stage.checker.adminIssued("b", { kind: "split", pair: "copy", secondary: "read-write" }));
  split(stage, "copy");
  stage.write(["b/mirror"], 0, sectors(2));
  const command = stage.checker.adminIssued("b", { kind: "restore", pair: "copy", scope: "all" });
  stage.restoring("b/svol", [0]);
  stage.checker.adminDone(command);
  stage.put("b/svol", 0, sectors(2));
  stage.restoring("b/svol", []);
  expect(failed(stage.checker.finish())).toEqual([]);
});

test("F: a local mirror follows a volume that a remote resync takes back, even before it is there", () => {
  const stage = stageOf(CASCADE);
  stage.write(DATA, 0, sectors(1));
  stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "split", pair: "pair", secondary: "read-write" }));
  stage.report("a", "pair", { status: "SPLIT", suspension: "operator" });
  stage.report("b", "pair", { status: "SPLIT", suspension: "operator" });
  stage.write(["b/svol", "b/mirror"], 0, sectors(2));
  stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "resync", pair: "pair" }));
  stage.report("b", "pair", { status: "COPY", consistent: false });
  stage.put("b/mirror", 0, sectors(1));
  stage.put("b/svol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual([]);
});

test("F: nothing else takes a local mirror back", () => {
  const stage = stageOf(CASCADE);
  stage.write(DATA, 0, sectors(1));
  stage.write(DATA, 0, sectors(2));
  stage.put("b/mirror", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual(["F"]);
});

test("D: a local mirror's difference that nobody knows", () => {
  const stage = new Stage([{ name: "copy", primary: "b/svol", secondary: "b/mirror", mode: "sync" }]);
  stage.write(["b/svol", "b/mirror"], 0, sectors(1));
  stage.pending.get("b copy")?.add(1);
  stage.write(["b/svol"], 4, sectors(2));
  stage.checker.checkpoint();
  expect(failed(stage.checker.finish())).toEqual([]);
  stage.pending.get("b copy")?.delete(1);
  stage.checker.checkpoint();
  expect(failed(stage.checker.finish())).toEqual(["D"]);
});

test("S: a backup goes with the mirror that an operator has deleted, and with no other", () => {
  for (const deleted of ["copy", "log-copy", "refused"] as const) {
    const stage = stageOf(GROUP);
    stage.write(DATA, 0, sectors(1));
    const command = stage.checker.adminIssued("a", BACKUP);
    split(stage, "copy");
    stage.checker.adminDone(command);
    stage.checker.quiet();
    const pair = deleted === "refused" ? "copy" : deleted;
    const deletion = stage.checker.adminIssued("b", { kind: "delete", pair, scope: "both" });
    if (deleted === "refused") stage.checker.adminRefused(deletion);
    const gone = { status: "COPY", suspension: "", splitCount: 0, consistent: false } as const;
    stage.report("b", "copy", gone);
    stage.reportMirror("b", "copy", gone);
    stage.checker.quiet();
    const { failures } = stage.checker.finish();
    expect(failures.map(({ message }) => message)).toEqual(
      deleted === "copy" ? [] : ["b/mirror: a backup that was acknowledged is gone"],
    );
  }
});
