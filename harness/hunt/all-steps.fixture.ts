import type { Step } from "../plan/step.ts";

/** The steps, and those within them. */
export function* allSteps(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step;
    if ("steps" in step) yield* allSteps(step.steps);
    if ("step" in step) yield* allSteps([step.step]);
  }
}
