import type { Condition } from "../plan/condition.ts";
import { after, crash, cut, heal, ms, restart, sequence, together } from "../plan/index.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { CrashKind } from "../world/world.ts";

/** What happens at a point: a system dies in one of two ways, or the link is cut. */
export type Blow = CrashKind | "cut";

/** The moment of one action of a system's program, and what strikes then. */
export interface CrashPoint {
  /** Whose program acts. */
  readonly system: string;
  readonly at:
    | { readonly kind: "disk-write"; readonly disk: string; readonly nth: number }
    | { readonly kind: "sent"; readonly link: string; readonly nth: number };
  /** `cut` at frames only. */
  readonly blow: Blow;
}

/** Down, or cut, for so long: the other side goes on alone for a while, and is met again while it does. */
const DOWN_MS = 20;

/** For people: `power loss of a at write 12 of a/meta`. */
export function describePoint({ system, at, blow }: CrashPoint): string {
  const moment =
    at.kind === "disk-write" ? `write ${at.nth} of ${at.disk}` : `frame ${at.nth} from ${system} on ${at.link}`;
  if (blow === "cut") return `cut at ${moment}`;
  return `${blow === "power" ? "power loss" : "kill"} of ${system} at ${moment}`;
}

/**
 * The plan with the blow at the point, and its end 20 ms later. What the plan says must hold must hold still; but its
 * commands may be refused, as they meet systems that are down.
 *
 * @param withinMs the time in which the point is reached
 */
export function planAt(plan: Plan, point: CrashPoint, withinMs: number): Plan {
  const { system, at, blow } = point;
  const condition: Condition = at.kind === "disk-write" ? at : { ...at, system };
  const steps: readonly Step[] =
    blow === "cut" && at.kind === "sent"
      ? [cut(at.link), after(ms(DOWN_MS), heal(at.link))]
      : [crash(system, blow === "kill" ? "kill" : "power"), after(ms(DOWN_MS), restart(system))];
  return {
    ...plan,
    name: `${plan.name.slice(0, 100)}: ${describePoint(point)}`,
    steps: [together({ kind: "when", condition, steps, withinMs }, sequence(...plan.steps))],
    mayRefuse: true,
  };
}

/** The plan as it is at every point, without a blow: whose census tells the points. */
export function planWithoutBlow(plan: Plan): Plan {
  return { ...plan, steps: [together(sequence(...plan.steps))], mayRefuse: true };
}
