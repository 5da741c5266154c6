import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";

/** The recorded traces that a plan replays, each once, in the order of its steps. */
export function traceNames(plan: Plan): readonly string[] {
  const names = new Set<string>();
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === "trace") names.add(step.name);
      if ("steps" in step) visit(step.steps);
      if (step.kind === "expect-refused") visit([step.step]);
    }
  };
  visit(plan.steps);
  return [...names];
}
