import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { Capability } from "../target/target.ts";

/** What a target must be able to do for the plan to make sense. */
export function neededCapabilities(plan: Plan): ReadonlySet<Capability> {
  const needed = new Set<Capability>();
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === "create") {
        for (const pair of plan.topology.pairs) if (pair.name === step.pair) needed.add(pair.mode);
      }
      if (step.kind === "split" || step.kind === "takeover" || step.kind === "failback") needed.add(step.kind);
      if (step.kind === "resync" && step.direction === "reverse") needed.add("resync-reverse");
      if ("steps" in step) visit(step.steps);
      if (step.kind === "expect-refused") visit([step.step]);
    }
  };
  visit(plan.steps);
  return needed;
}
