import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { Capability } from "../target/target.ts";

/** What the restoring program asks of the systems. */
const RESTORING: readonly Capability[] = ["local-mirror", "split", "resync-reverse"];

/** What a target must be able to do for the plan to make sense. */
export function neededCapabilities(plan: Plan): ReadonlySet<Capability> {
  const needed = new Set<Capability>();
  const { systems, pairs } = plan.topology;
  if (systems.some(({ images = [] }) => images.length > 0)) needed.add("image");
  if (systems.some(({ journals = [] }) => journals.length > 0)) needed.add("journal");
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === "create") {
        for (const { name, link, mode, tracker } of pairs) {
          if (name !== step.pair) continue;
          needed.add(link === undefined ? "local-mirror" : mode);
          if (tracker === "lsn") needed.add("tracker-lsn");
        }
      }
      if (step.kind === "split" || step.kind === "takeover" || step.kind === "failback" || step.kind === "delete")
        needed.add(step.kind);
      if (step.kind === "resync" && step.direction === "reverse") needed.add("resync-reverse");
      if (step.kind === "restore-files") for (const capability of RESTORING) needed.add(capability);
      if ("steps" in step) visit(step.steps);
      if (step.kind === "expect-refused" || step.kind === "attempt") visit([step.step]);
    }
  };
  visit(plan.steps);
  return needed;
}
