import fc from "fast-check";
import { expect, test } from "vitest";
import { failed } from "./stage.fixture.ts";
import { type BackupBug, ToyBackup } from "./toy-backup.fixture.ts";
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

const planted: Record<BackupBug, "S" | "A"> = {
  "splits the second mirror later": "S",
  "leaves a write out of the backup": "S",
  "lets a write into the backup": "S",
  "splits one mirror only": "S",
  "restores what is there already": "S",
  "brings a track over a host's write": "S",
  "serves what is being replaced": "A",
  "forgets a track at a crash": "S",
  "does not record what hosts change": "S",
};

for (const [bug, rule] of Object.entries(planted) as [BackupBug, "S" | "A"][]) {
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
