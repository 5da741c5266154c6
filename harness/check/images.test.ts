import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { createChecker } from "./checker.ts";
import { SampledChecker } from "./sampled-checker.ts";
import { failed, failureOf, onePair, Stage, sectors } from "./stage.fixture.ts";

const BOTH = ["a/pvol", "b/svol"];

function imageStage(volume: string, make = createChecker): Stage {
  const stage = new Stage(onePair("async"), 32, [], { images: [volume] }, make);
  for (const tracks of stage.pending.values()) for (let track = 0; track < 8; track++) tracks.add(track);
  return stage;
}

function fix(stage: Stage, volume: string, moment = 1): void {
  const [, bare] = volume.split("/") as [string, string];
  stage.images.set(volume, { volume: bare, method: "old-data", state: "fixed", moment });
  stage.checker.observe();
}

function read(stage: Stage, volume: string, sector: number, data: Uint8Array, moment = 1): void {
  stage.checker.imageRead({ volume, moment, offsetBytes: sector * SECTOR_BYTES, data });
}

test("S: an image of its moment passes, whatever is written after it", () => {
  const stage = imageStage("a/pvol");
  stage.write(BOTH, 0, sectors(1, 2));
  fix(stage, "a/pvol");
  stage.write(["a/pvol"], 0, sectors(2, 4));
  read(stage, "a/pvol", 0, sectors(1, 2));
  read(stage, "a/pvol", 2, new Uint8Array(2 * SECTOR_BYTES));
  const result = stage.checker.finish();
  expect(result.failures).toEqual([]);
  expect(result.invariants.S).toBe("PASS");
});

test("S: an image that was never read was not judged", () => {
  const stage = imageStage("a/pvol");
  fix(stage, "a/pvol");
  expect(stage.checker.finish().invariants.S).toBe("NOT_APPLICABLE");
});

test("S: one sector too new, one too old, one that nobody wrote", () => {
  for (const [tag, found] of [
    [3, "write #2"],
    [1, "write #0"],
    [9, "no host wrote"],
  ] as const) {
    const stage = imageStage("a/pvol");
    stage.write(BOTH, 0, sectors(1));
    stage.write(BOTH, 0, sectors(2));
    fix(stage, "a/pvol");
    stage.write(["a/pvol"], 0, sectors(3));
    read(stage, "a/pvol", 0, sectors(tag));
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(["S"]);
    const [blame] = failureOf(result, "S").blame;
    expect(blame).toMatchObject({ volume: "a/pvol", offsetBytes: 0 });
    expect(blame?.found).toContain(found);
    expect(blame?.expected).toContain("write #1");
  }
});

test("S: a secondary's image is at least what was there", () => {
  for (const tag of [1, 2]) {
    const stage = imageStage("b/svol");
    stage.write(BOTH, 0, sectors(1));
    stage.write(BOTH, 0, sectors(2));
    fix(stage, "b/svol");
    read(stage, "b/svol", 0, sectors(tag));
    expect(failed(stage.checker.finish())).toEqual(tag === 2 ? [] : ["S"]);
  }
});

test("S: an image need not have what a disk kept of a write that it refused, unless another system's host wrote it", () => {
  for (const writer of BOTH) {
    const stage = imageStage("b/svol");
    const refused = stage.issue(writer, 0, sectors(1));
    stage.put("b/svol", 0, sectors(1));
    stage.checker.failed(refused, "EIO");
    fix(stage, "b/svol");
    read(stage, "b/svol", 0, new Uint8Array(SECTOR_BYTES));
    expect(failed(stage.checker.finish())).toEqual(writer === "b/svol" ? [] : ["S"]);
  }
});

test.each([false, true])(
  "S: a secondary's image need not have what its disk refused to the other end, and kept, until somebody has read it; started since: %s",
  (isStarted) => {
    for (const isRead of [false, true]) {
      const stage = imageStage("b/svol");
      const operation = stage.issue("a/pvol", 0, sectors(1));
      stage.put("a/pvol", 0, sectors(1));
      stage.putRefused("b/svol", 0, sectors(1));
      stage.checker.acknowledged(operation);
      if (isStarted) {
        stage.kill("b");
        stage.start("b");
      }
      if (isRead) stage.read("b/svol", 0, sectors(1));
      fix(stage, "b/svol");
      read(stage, "b/svol", 0, new Uint8Array(SECTOR_BYTES));
      expect(failed(stage.checker.finish())).toEqual(isRead ? ["S"] : []);
    }
  },
);

test("S: an image gives the same every time", () => {
  const stage = imageStage("a/pvol");
  const operation = stage.issue("a/pvol", 0, sectors(1));
  fix(stage, "a/pvol");
  stage.put("a/pvol", 0, sectors(1));
  stage.checker.acknowledged(operation);
  read(stage, "a/pvol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual([]);
  read(stage, "a/pvol", 0, new Uint8Array(SECTOR_BYTES));
  expect(failed(stage.checker.finish())).toEqual(["S"]);
});

test("what was read of an image that is no more is not judged, nor one that was given up", () => {
  const stage = imageStage("a/pvol");
  stage.write(BOTH, 0, sectors(1));
  fix(stage, "a/pvol");
  stage.write(BOTH, 0, sectors(2));
  fix(stage, "a/pvol", 2);
  read(stage, "a/pvol", 0, sectors(1), 1);
  stage.images.set("a/pvol", { volume: "pvol", method: "old-data", state: "lost", moment: 2 });
  read(stage, "a/pvol", 0, sectors(1), 2);
  expect(stage.checker.finish().invariants.S).toBe("NOT_APPLICABLE");
});

test("S: an image survives a crash as it is", () => {
  const stage = imageStage("a/pvol");
  stage.write(BOTH, 0, sectors(1));
  fix(stage, "a/pvol");
  stage.checker.systemDown("a", "power");
  stage.down.add("a");
  stage.checker.observe();
  stage.down.delete("a");
  stage.checker.systemUp("a");
  read(stage, "a/pvol", 0, new Uint8Array(SECTOR_BYTES));
  expect(failed(stage.checker.finish())).toEqual(["S"]);
});

test("G: a rollback restores what only the other end has written since, too", () => {
  const stage = imageStage("b/svol");
  stage.write(BOTH, 0, sectors(1));
  stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "split", pair: "pair", secondary: "read-write" }));
  for (const system of ["a", "b"]) stage.report(system, "pair", { status: "SPLIT", suspension: "operator" });
  fix(stage, "b/svol");
  stage.write(["b/svol"], 0, sectors(2));
  stage.write(["a/pvol"], 0, sectors(1));
  const command = stage.checker.adminIssued("b", { kind: "rollback", volume: "svol" });
  stage.restoring("b/svol", [0]);
  stage.checker.adminDone(command);
  stage.put("b/svol", 0, sectors(1));
  stage.restoring("b/svol", []);
  expect(stage.checker.finish().failures).toEqual([]);
});

test("S: a rollback restores the image", () => {
  for (const tag of [1, 2]) {
    const stage = imageStage("a/pvol");
    stage.write(BOTH, 0, sectors(1));
    stage.write(BOTH, 0, sectors(2));
    fix(stage, "a/pvol");
    stage.write(["a/pvol"], 0, sectors(3));
    const command = stage.checker.adminIssued("a", { kind: "rollback", volume: "pvol" });
    stage.restoring("a/pvol", [0]);
    stage.checker.adminDone(command);
    stage.put("a/pvol", 0, sectors(tag));
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish()).includes("S")).toBe(tag === 1);
  }
});

test.each([
  { state: "lost", consistent: false, isGivenUp: true },
  { state: "none", consistent: false, isGivenUp: true },
  { state: "lost", consistent: true, isGivenUp: false },
  { state: "fixed", consistent: false, isGivenUp: false },
] as const)(
  "S: a rollback whose image is $state, with a volume that is consistent: $consistent, is given up: $isGivenUp",
  ({ state, consistent, isGivenUp }) => {
    const stage = imageStage("a/pvol");
    stage.write(BOTH, 0, sectors(1, 8));
    fix(stage, "a/pvol");
    stage.write(["a/pvol"], 0, sectors(2, 8));
    const command = stage.checker.adminIssued("a", { kind: "rollback", volume: "pvol" });
    stage.restoring("a/pvol", [0, 1], [], "image");
    stage.checker.adminDone(command);
    stage.put("a/pvol", 0, sectors(1, 4));
    stage.images.set("a/pvol", { volume: "pvol", method: "old-data", state, moment: 1 });
    stage.report("a", "pair", { status: "SPLIT", suspension: "link", consistent });
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish()).includes("S")).toBe(!isGivenUp);
  },
);

test("S: a takeover that finds no mixture any more brings no image back, and one that does must bring all of it", () => {
  for (const isMixture of [false, true]) {
    const stage = imageStage("b/svol");
    stage.write(BOTH, 0, sectors(1));
    stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
    fix(stage, "b/svol");
    stage.write(["a/pvol"], 0, sectors(2));
    stage.report("b", "pair", { status: "COPY", suspension: "", consistent: false });
    stage.put("b/svol", 0, sectors(2));
    const command = stage.checker.adminIssued("b", { kind: "takeover", pair: "pair" });
    if (isMixture) stage.restoring("b/svol", [0]);
    stage.report("b", "pair", { status: "SPLIT", suspension: "takeover", role: "primary", consistent: true });
    stage.checker.adminDone(command);
    if (isMixture) stage.restoring("b/svol", []);
    expect(failed(stage.checker.finish()).includes("S")).toBe(isMixture);
  }
});

test.each([true, false])(
  "samples: an image that is fixed when a resync is through, between two looks (%s), lacks what the resync replaced",
  (isThrough) => {
    const checkers: SampledChecker[] = [];
    const stage = imageStage("b/svol", (config) => {
      const checker = new SampledChecker(config);
      checkers.push(checker);
      return checker;
    });
    const look = (): void => checkers[0]?.sample();
    stage.report("a", "pair", { status: "SPLIT", suspension: "operator" });
    stage.report("b", "pair", { status: "SPLIT", suspension: "operator" });
    stage.write(["a/pvol"], 0, sectors(1));
    look();
    stage.write(["b/svol"], 0, sectors(2));
    look();
    stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "resync", pair: "pair", direction: "forward" }));
    if (isThrough) {
      stage.report("a", "pair", { status: "COPY" });
      stage.report("b", "pair", { status: "COPY", consistent: false });
    }
    look();
    look();
    // The disks were looked at, then the resync came to its end and the link was lost, then the systems were asked.
    const sample = checkers[0]?.begin();
    sample?.looked();
    if (isThrough) stage.put("b/svol", 0, sectors(1));
    stage.report("a", "pair", { status: "SPLIT", suspension: "link" });
    stage.report("b", "pair", { status: "SPLIT", suspension: "link", consistent: true });
    fix(stage, "b/svol");
    sample?.judge();
    look();
    read(stage, "b/svol", 0, sectors(1));
    look();
    expect(failed(stage.checker.finish())).toEqual(isThrough ? [] : ["S"]);
  },
);
