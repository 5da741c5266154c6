import type { Plan, Step } from "../../plan/index.ts";
import type { Pass } from "./shrink.ts";

/** Gives the plan whose steps at one place are these. */
type Rebuild = (steps: readonly Step[]) => Plan;
/** What is left of a list of steps. */
type Reduced = Generator<unknown, readonly Step[], Plan | undefined>;

/** Leaves out steps: half of a list, then quarters, down to single ones; the last ones first, then the lists in them. */
export const dropSteps: Pass = function* (plan) {
  yield* dropped(plan.steps, (steps) => ({ ...plan, steps }));
};

function* dropped(list: readonly Step[], rebuild: Rebuild): Reduced {
  let left = list;
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let end = left.length; end > 0; end -= size) {
      // Nothing left is what leaving out the step around it would give.
      const fewer = left.toSpliced(Math.max(0, end - size), Math.min(size, end));
      if (fewer.length > 0 && (yield rebuild(fewer)) !== undefined) left = fewer;
    }
  }
  return yield* inside(left, rebuild, dropped);
}

/** The same for the lists in the steps of a list. */
function* inside(
  list: readonly Step[],
  rebuild: Rebuild,
  reduce: (list: readonly Step[], rebuild: Rebuild) => Reduced,
): Reduced {
  let left = list;
  for (let at = 0; at < left.length; at++) {
    const step = left[at];
    if (step === undefined || !("steps" in step)) continue;
    const around = left;
    const steps = yield* reduce(step.steps, (inner) => rebuild(around.with(at, { ...step, steps: inner })));
    left = left.with(at, { ...step, steps });
  }
  return left;
}

/** Takes steps out of what is around them: at once, without the condition, one after the other, not to be refused. */
export const unwrapSteps: Pass = function* (plan) {
  yield* unwrapped(plan.steps, (steps) => ({ ...plan, steps }));
};

function* unwrapped(list: readonly Step[], rebuild: Rebuild): Reduced {
  let left = list;
  for (let at = 0; at < left.length; ) {
    const step = left[at];
    const inner = step === undefined ? [] : stepsIn(step);
    const flat = left.toSpliced(at, 1, ...inner);
    if (inner.length > 0 && (yield rebuild(flat)) !== undefined) left = flat;
    else at++;
  }
  return yield* inside(left, rebuild, unwrapped);
}

/** The steps in a step; none in those of which a plan is made. */
export function stepsIn(step: Step): readonly Step[] {
  if ("steps" in step) return step.steps;
  return "step" in step ? [step.step] : [];
}

/** Every step, those in others after these, without what is only around others. */
export function* leaves(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    const inner = stepsIn(step);
    if (inner.length === 0) yield step;
    else yield* leaves(inner);
  }
}
