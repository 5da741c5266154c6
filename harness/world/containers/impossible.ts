import type { Condition } from "../../plan/condition.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Step } from "../../plan/step.ts";
import { REALISATIONS } from "./realisation.ts";

/** Why the plan cannot be run on containers; "" if it can. */
export function impossibleIn(plan: Plan): string {
  const reasons = new Set<string>();
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      const why = reasonOf(step);
      if (why !== "") reasons.add(why);
      if ("steps" in step) visit(step.steps);
    }
  };
  visit(plan.steps);
  return [...reasons].join("; ");
}

function reasonOf(step: Step): string {
  if (step.kind === "inject") {
    if (step.fault.kind === "crash" && (step.fault.survive !== undefined || step.fault.lose !== undefined))
      return "crash: which of its writes are in flight at a moment is not known from outside";
    const { how, why } = REALISATIONS[step.fault.kind];
    return how === "impossible" ? `${step.fault.kind}: ${why}` : "";
  }
  if (step.kind === "link-bytes") return "what crosses a link is not counted to the byte at a moment";
  if (step.kind === "wait" || step.kind === "when") return reasonOfCondition(step.condition);
  return "";
}

function reasonOfCondition(condition: Condition): string {
  if (condition.kind === "sent") return "frames that an engine sends are not seen from outside";
  if (condition.kind === "engine-step" && condition.exact === true)
    return "a fault is to strike within a step of an engine, before the engine goes on";
  return "";
}
