import { expect, test } from "vitest";
import { failed, onePair, Stage, sectors } from "./stage.fixture.ts";

const both = ["a/pvol", "b/svol"];

/** The secondary has writes 1 and 2; its disk refuses 3, which is there all the same. Its program is killed. */
function refusedAndKilled(then: (stage: Stage) => void = () => {}, mode: "sync" | "async" = "async"): Stage {
  const stage = new Stage(onePair(mode));
  stage.pending.get("a pair")?.add(0);
  stage.write(both, 0, sectors(1));
  stage.write(both, 0, sectors(2));
  refuse(stage, 3);
  then(stage);
  stage.kill("b");
  return stage;
}

/** The other end's host has written this; the secondary's disk refuses it, and holds it all the same. */
function refuse(stage: Stage, tag: number): void {
  const operation = stage.issue("a/pvol", 0, sectors(tag));
  stage.put("a/pvol", 0, sectors(tag));
  stage.putRefused("b/svol", 0, sectors(tag));
  stage.checker.acknowledged(operation);
}

test.each<readonly [string, (stage: Stage) => void]>([
  ["a kill", () => {}],
  ["a loss of power that left it", (stage) => stage.put("b/svol", 0, sectors(3), "power-loss")],
])("F: a start may undo what a request left that the disk refused, whoever wrote it, after %s", (_what, then) => {
  const stage = refusedAndKilled(then);
  stage.put("b/svol", 0, sectors(2));
  stage.start("b");
  expect(failed(stage.checker.finish())).toEqual([]);
});

test.each<readonly [string, (stage: Stage) => void]>([
  ["once its host has read it", (stage) => stage.read("b/svol", 0, sectors(3))],
  ["once another request has brought the same", (stage) => stage.put("b/svol", 0, sectors(3))],
])("F: what a refused request left must stay %s", (_when, then) => {
  const stage = refusedAndKilled(then);
  stage.put("b/svol", 0, sectors(2));
  expect(failed(stage.checker.finish())).toEqual(["F"]);
});

test("F: a loss of power in the middle of a start brings back what that had undone: the next one undoes it again", () => {
  for (const left of [3, 2]) {
    const stage = refusedAndKilled();
    stage.put("b/svol", 0, sectors(2));
    stage.checker.systemDown("b", "power");
    stage.put("b/svol", 0, sectors(left), "power-loss");
    stage.put("b/svol", 0, sectors(left - 1));
    expect(failed(stage.checker.finish())).toEqual(left === 3 ? [] : ["F"]);
  }
});

test("F: what a refused request left must stay if the pair acknowledged it for both volumes", () => {
  const stage = refusedAndKilled(undefined, "sync");
  stage.put("b/svol", 0, sectors(2));
  expect(failed(stage.checker.finish())).toEqual(["F"]);
});

test("F: where a request was refused nothing comes back that is older than what was there before", () => {
  const stage = refusedAndKilled();
  stage.put("b/svol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual(["F"]);
});

test("F: a program that runs does not undo what a refused request left, nor does a later start what the first one kept", () => {
  const running = refusedAndKilled((stage) => stage.put("b/svol", 0, sectors(2)));
  expect(failed(running.checker.finish())).toEqual(["F"]);
  const later = refusedAndKilled();
  later.start("b");
  later.kill("b");
  later.put("b/svol", 0, sectors(2));
  expect(failed(later.checker.finish())).toEqual(["F"]);
});

test("F: where a start kept what was refused, and others are refused, the next start brings nothing back that is older", () => {
  for (const back of [4, 3, 2]) {
    const stage = refusedAndKilled();
    stage.start("b");
    refuse(stage, 4);
    refuse(stage, 5);
    stage.kill("b");
    stage.put("b/svol", 0, sectors(back));
    expect(failed(stage.checker.finish())).toEqual(back === 2 ? ["F"] : []);
  }
});

test("F: what a dead program asked for was refused to nobody: a start knows of it", () => {
  const stage = new Stage(onePair("async"));
  stage.pending.get("a pair")?.add(0);
  stage.write(both, 0, sectors(1));
  stage.write(["a/pvol"], 0, sectors(2));
  stage.kill("b");
  stage.putRefused("b/svol", 0, sectors(2));
  stage.put("b/svol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual(["F"]);
});
