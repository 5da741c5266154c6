import fc from "fast-check";
import type { Name, ToyBackup } from "./toy-backup.fixture.ts";

/** One thing that happens to a toy. */
export interface ToyStep {
  readonly act: (toy: ToyBackup) => void;
  readonly isCrash: boolean;
  /** What a counterexample shows. */
  readonly toString: () => string;
}

const name = fc.constantFrom<Name>("data", "log");
const sector = fc.integer({ min: 0, max: 31 });

const step = <T>(
  text: string,
  values: fc.Arbitrary<T>,
  act: (toy: ToyBackup, value: T) => void,
): fc.Arbitrary<ToyStep> =>
  values.map((value) => ({
    act: (toy) => act(toy, value),
    isCrash: text === "crash",
    toString: () => `${text} ${JSON.stringify(value)}`,
  }));

export const toySteps: fc.Arbitrary<ToyStep> = fc.oneof(
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
);
