import fc from "fast-check";
import { expect, test } from "vitest";
import { failed } from "./stage.fixture.ts";
import { type BackupBug, BROKEN_BY, ToyBackup } from "./toy-backup.fixture.ts";
import { toySteps } from "./toy-backup-steps.fixture.ts";

const steps = fc.array(toySteps, { maxLength: 50, size: "max" });

test("backups and restores that do right never fail, whatever happens to them", () => {
  let judged = 0;
  fc.assert(
    fc.property(steps, (history) => {
      const toy = new ToyBackup();
      for (const one of history) one.act(toy);
      toy.comeToRest();
      const result = toy.stage.checker.finish();
      expect(result.failures).toEqual([]);
      judged += result.checks.S ?? 0;
    }),
    { numRuns: 500 },
  );
  expect(judged).toBeGreaterThan(500);
});

for (const [bug, rule] of Object.entries(BROKEN_BY) as [BackupBug, "S" | "A"][]) {
  test(`one that ${bug} breaks ${rule}`, () => {
    const broken = new Set<string>();
    fc.assert(
      fc.property(steps, (history) => {
        const toy = new ToyBackup(bug);
        for (const one of history) one.act(toy);
        toy.comeToRest();
        for (const one of failed(toy.stage.checker.finish())) broken.add(one);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(broken).toContain(rule);
  });
}
