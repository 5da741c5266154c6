import fc from "fast-check";
import { expect, test } from "vitest";
import type { CheckResult } from "./checker.ts";
import { SampledChecker } from "./sampled-checker.ts";
import { failed } from "./stage.fixture.ts";
import { type BackupBug, BROKEN_BY, ToyBackup } from "./toy-backup.fixture.ts";
import { type ToyStep, toySteps } from "./toy-backup-steps.fixture.ts";

// The same backups and restores as in toy-backup.test.ts, judged by somebody who looks now and then.

interface Sampled {
  readonly toy: ToyBackup;
  readonly checker: SampledChecker;
}

function sampledToy(bug?: BackupBug): Sampled {
  const late: { checker?: SampledChecker } = {};
  const toy = new ToyBackup(bug, (config) => {
    late.checker = new SampledChecker(config);
    return late.checker;
  });
  if (late.checker === undefined) throw new Error("a stage without a checker");
  return { toy, checker: late.checker };
}

/** Takes the steps, with a look after those that say so, and before and after every crash. */
function play({ toy, checker }: Sampled, history: readonly (readonly [step: ToyStep, looks: boolean])[]): CheckResult {
  checker.sample();
  for (const [step, looks] of history) {
    if (step.isCrash) checker.sample();
    step.act(toy);
    if (looks || step.isCrash) checker.sample();
  }
  toy.comeToRest();
  checker.sample();
  checker.sample();
  return checker.finish();
}

const histories = fc.array(fc.tuple(toySteps, fc.boolean()), { maxLength: 50, size: "max" });

test("backups and restores that do right never fail, whenever they are looked at", () => {
  let judged = 0;
  fc.assert(
    fc.property(histories, (history) => {
      const result = play(sampledToy(), history);
      expect(result.failures).toEqual([]);
      judged += result.checks.S ?? 0;
    }),
    { numRuns: 500 },
  );
  expect(judged).toBeGreaterThan(500);
});

// What hosts write while the command is carried out may come before its moment as well as after it, for all that samples
// show.
const HIDDEN: readonly BackupBug[] = ["splits the second mirror later", "lets a write into the backup"];

for (const [bug, rule] of Object.entries(BROKEN_BY) as [BackupBug, "S" | "A"][]) {
  if (HIDDEN.includes(bug)) continue;
  test(`one that ${bug} breaks ${rule}`, () => {
    const broken = new Set<string>();
    fc.assert(
      fc.property(histories, (history) => {
        for (const one of failed(play(sampledToy(bug), history))) broken.add(one);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(broken).toContain(rule);
  });
}
