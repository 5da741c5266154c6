import { expect, test } from "vitest";
import { SampledChecker } from "./sampled-checker.ts";
import { failed, onePair, Stage, sectors } from "./stage.fixture.ts";

function sampledStage(): { readonly stage: Stage; readonly checker: SampledChecker } {
  const made: SampledChecker[] = [];
  const stage = new Stage(onePair("sync"), 32, [], {}, (config) => {
    made.push(new SampledChecker(config));
    return made[0] as SampledChecker;
  });
  return { stage, checker: made[0] as SampledChecker };
}

test("what a sample that was abandoned would have judged, the next one judges", () => {
  const { stage, checker } = sampledStage();
  checker.sample();
  stage.write(["a/pvol"], 0, sectors(1));
  checker.begin().abandon();
  expect(checker.soFar().failures).toEqual([]);
  checker.sample();
  expect(failed(checker.finish())).toEqual(["A"]);
});
