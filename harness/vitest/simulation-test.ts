import { test as base } from "vitest";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import type { Plan } from "../plan/index.ts";
import { RunFailed } from "./artifacts.ts";
import { simulateHere } from "./simulator.ts";

/**
 * Runs a plan in the simulated world and judges it by every invariant.
 *
 * @param options.seed 1 without
 * @param options.repeat runs it twice, which must give the same history; without, so it is
 * @param options.verdicts what it may come to; without, nothing but `PASS`
 * @throws RunFailed with the replay command, if it comes to anything else; what is needed to look into it is in `out/vitest`
 */
export type Simulate = (
  plan: Plan,
  options?: { readonly seed?: number; readonly repeat?: boolean; readonly verdicts?: readonly Verdict[] },
) => Promise<RunRecord>;

/** Vitest's `test` with the fixture `simulate`. */
export const test = base.extend<{ readonly simulate: Simulate }>({
  simulate: async ({ task }, use) => {
    await use(async (plan, { seed = 1, repeat = true, verdicts = ["PASS"] } = {}) => {
      const record = await simulateHere(plan, { id: `vitest/${task.name}`, seed, repeat });
      if (!verdicts.includes(record.verdict)) throw new RunFailed(record, plan);
      return record;
    });
  },
});
