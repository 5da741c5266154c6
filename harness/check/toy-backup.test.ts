import fc from "fast-check";
import { expect, test } from "vitest";
import { type BackupBug, type Name, ToyBackup } from "./toy-backup.fixture.ts";
import { failed } from "./stage.fixture.ts";

type Step = (toy: ToyBackup) => void;

const name = fc.constantFrom<Name>("data", "log");
const sector = fc.integer({ min: 0, max: 31 });

/** One thing that happens, with the text that a counterexample shows. */
const step = <T>(text: string, values: fc.Arbitrary<T>, act: (toy: ToyBackup, value: T) => void): fc.Arbitrary<Step> =>
  values.map((value) => {
    const one: Step = (toy) => act(toy, value);
    return Object.assign(one, { toString: () => `${text} ${JSON.stringify(value)}` });
  });

const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: step("write", fc.tuple(name, sector, fc.boolean()), (toy, [to, at, answered]) =>
        toy.write(to, at, answered),
      ),
    },
    { weight: 4, arbitrary: step("answer", fc.constant(0), (toy) => toy.answer()) },
    { weight: 4, arbitrary: step("read", fc.tuple(name, sector), (toy, [from, at]) => toy.read(from, at)) },
    { weight: 3, arbitrary: step("backup", fc.constant(0), (toy) => toy.backup()) },
    { weight: 1, arbitrary: step("resync", fc.constant(0), (toy) => toy.resync()) },
    { weight: 3, arbitrary: step("restore", name, (toy, of) => toy.restore(of)) },
    { weight: 6, arbitrary: step("bring", name, (toy, of) => toy.bring(of)) },
    { weight: 1, arbitrary: step("crash", fc.constant(0), (toy) => toy.crash()) },
  ),
  { maxLength: 50, size: "max" },
);

test("backups and restores that do right never fail, whatever happens to them", () => {
  let judged = 0;
  fc.assert(
    fc.property(steps, (history) => {
      const toy = new ToyBackup();
      for (const one of history) one(toy);
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
        for (const one of history) one(toy);
        toy.comeToRest();
        for (const one of failed(toy.stage.checker.finish())) broken.add(one);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(broken).toContain(rule);
  });
}
