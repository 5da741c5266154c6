import type { Expectation } from "../plan/expectation.ts";
import { describeCondition } from "../plan/condition.ts";
import type { RunWorld } from "../world/run-world.ts";
import { firstDifference } from "../world/sim/disk/index.ts";
import type { ConditionWatch } from "./condition-watch.ts";
import { describeFound } from "./describe-found.ts";
import type { Marks } from "./marks.ts";
import { UnmetError } from "./unmet-error.ts";

/** What is not as the expectation says, of those that look at the end; "" for nothing. */
export function unmetExpectation(
  expectation: Expectation,
  { world, watch, marks }: { readonly world: RunWorld; readonly watch: ConditionWatch; readonly marks: Marks },
): string {
  switch (expectation.kind) {
    case "holds": {
      const { condition } = expectation;
      if (watch.isTrue(condition)) return "";
      return `not so at the end: ${describeCondition(condition)}${describeFound(condition, world)}`;
    }
    case "unchanged":
      return changeSince(marks, expectation.since, expectation.volume);
    case "same-as": {
      const { volume, other } = expectation;
      const at = firstDifference(world.view(volume), world.view(other));
      return at < 0 ? "" : `${volume} and ${other} differ, at byte ${at} first`;
    }
    default:
      return "";
  }
}

function changeSince(marks: Marks, label: string, volume: string): string {
  try {
    const at = marks.firstChange(label, volume);
    return at < 0 ? "" : `${volume} is not as it was at the mark ${label}, from about byte ${at} on`;
  } catch (error) {
    if (error instanceof UnmetError) return error.message;
    throw error;
  }
}
