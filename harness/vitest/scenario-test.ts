import { type Plan, parsePlan } from "../plan/index.ts";
import { test } from "./simulation-test.ts";

export interface ScenarioTestOptions {
  /** One test for each; `[1]` without. */
  readonly seeds?: readonly number[];
  /** Runs each seed twice, which must give the same history; without, so it is. */
  readonly repeat?: boolean;
  /** Of one test; Vitest's own without. */
  readonly timeoutMs?: number;
}

/**
 * A scenario as tests, one a seed, which is in the title: each passes if the scenario does (HX-8). What is needed to look
 * into one that fails is in `out/vitest`, with its replay command in the message.
 *
 * @param plan what `scenario(...)` gives, or the same as plain data. @throws PlanError
 */
export function scenarioTest(plan: unknown, options: ScenarioTestOptions = {}): void {
  const parsed: Plan = parsePlan(plan);
  const { seeds = [1], repeat = true, timeoutMs } = options;
  for (const seed of seeds)
    test(
      `${parsed.name} (seed ${seed})`,
      timeoutMs === undefined ? {} : { timeout: timeoutMs },
      async ({ simulate }) => {
        await simulate(parsed, { seed, repeat });
      },
    );
}
