import type { AnyFault } from "../fault/index.ts";
import type { Condition } from "../plan/condition.ts";
import { after, heal, ms, restart, sequence, together } from "../plan/index.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { CrashKind, PowerLossChoice } from "../world/world.ts";

/** What happens at a point: a system dies in one of two ways, the link is cut, or the disk fails for a while. */
export type Blow = CrashKind | "cut" | "error";

/** What fails of a disk: a request alone; a read and those after it; all from a write on, reads too; or writes from it on, as there is no room. */
export const DISK_ERRORS = {
  once: "this request alone, EIO",
  ten: "this read and the nine after it, EIO",
  all: "every request from it on, EIO",
  full: "writes from it on, ENOSPC",
} as const;
export type DiskErrorKind = keyof typeof DISK_ERRORS;

/** The moment of one action of a system's program, and what strikes then. */
export interface CrashPoint {
  /** Whose program acts. */
  readonly system: string;
  readonly at: PointMoment;
  /** `cut` at frames only, `error` at disks only. */
  readonly blow: Blow;
  /** What a loss of power leaves of what is not durable; chance decides without. */
  readonly choice?: PowerLossChoice;
  /**
   * Of a cut: how many bytes of the system arrive after those that the link had when the frame before this one was sent.
   * Without, the link is cut when the frame has been sent.
   */
  readonly arrivingBytes?: number;
  /** Of an error: what fails; this request alone without. */
  readonly fails?: DiskErrorKind;
  /** For people, what the three before are: `nothing survives`, `half of its payload arrives`. */
  readonly how?: string;
}

export type PointMoment =
  | { readonly kind: "disk-write"; readonly disk: string; readonly nth: number }
  /** It can only fail. */
  | { readonly kind: "disk-read"; readonly disk: string; readonly nth: number }
  | { readonly kind: "sent"; readonly link: string; readonly nth: number };

/** Down, cut, or failing for so long: the other side goes on alone for a while, and is met again while it does. */
const DOWN_MS = 20;
const NAME_LENGTH_MAX = 200;
/** Whatever commands were carried out. */
const ALWAYS_EXPECTED: ReadonlySet<Plan["expect"][number]["kind"]> = new Set(["converged", "violates"]);

/** For people: `power loss of a at write 12 of a/meta`. */
export function describePoint({ system, at, blow, how }: CrashPoint): string {
  const moment =
    at.kind === "sent"
      ? `frame ${at.nth} from ${system} on ${at.link}`
      : `${at.kind === "disk-read" ? "read" : "write"} ${at.nth} of ${at.disk}`;
  return `${BLOW_WORDS[blow]}${isCrash(blow) ? ` of ${system}` : ""} at ${moment}${how === undefined ? "" : `: ${how}`}`;
}

/** For people. */
export const BLOW_WORDS = { power: "power loss", kill: "kill", cut: "cut", error: "disk error" } as const;

function isCrash(blow: Blow): blow is CrashKind {
  return blow === "power" || blow === "kill";
}

/**
 * The plan with the blow at the point, and its end 20 ms later. Its commands may be refused, as they meet systems that are
 * down; what it says must hold must hold still, but for what commands bring about that a failing disk refuses.
 *
 * @param withinMs the time in which the point is reached
 */
export function planAt(plan: Plan, point: CrashPoint, withinMs: number): Plan {
  return planAtAll(plan, [point], withinMs);
}

/** The plan with a blow at each of the points, whose numbers all count from its beginning; as it is, without any. */
export function planAtAll(plan: Plan, points: readonly CrashPoint[], withinMs: number): Plan {
  const strikes = points.flatMap((point, index) => strikesOf(plan, point, blowLabel(index), withinMs));
  // A command that a disk refuses is not given again: what it was to bring about is expected in vain, and moments do not come.
  const mayLack = points.some(({ blow }) => blow === "error");
  const expect = mayLack ? plan.expect.filter(({ kind }) => ALWAYS_EXPECTED.has(kind)) : plan.expect;
  const name =
    points.length === 0 ? plan.name : `${plan.name.slice(0, 80)}: ${points.map(describePoint).join(", then ")}`;
  return {
    ...plan,
    name: name.slice(0, NAME_LENGTH_MAX),
    steps: [together(...strikes, sequence(...plan.steps))],
    expect,
    mayRefuse: true,
    ...(mayLack || (points.length > 0 && hasLastingFault(plan.steps)) ? { attended: true } : {}),
  };
}

/** A fault of its own may last until a moment that a blow prevents. */
function hasLastingFault(steps: readonly Step[]): boolean {
  return steps.some((step) => {
    if (step.kind === "inject") return "disk" in step.fault || step.fault.kind === "pause";
    return "steps" in step && hasLastingFault(step.steps);
  });
}

/** The label of the fault that the blow at the point with this index is. */
export function blowLabel(index: number): string {
  return `blow-${index + 1}`;
}

/** The plan as it is at every point, without a blow: whose census tells the points. */
export function planWithoutBlow(plan: Plan): Plan {
  return planAtAll(plan, [], 0);
}

/** The fault that a blow is. */
function faultAt(plan: Plan, { system, at, blow, choice, arrivingBytes, fails = "once" }: CrashPoint): AnyFault {
  if (isCrash(blow)) return { kind: "crash", system, how: blow, ...choice };
  if (at.kind === "disk-read")
    return { kind: "eio", disk: at.disk, on: ["read"], nth: at.nth, count: fails === "ten" ? 10 : 1 };
  if (at.kind === "disk-write") return errorOf(at.disk, fails);
  const { link } = at;
  if (arrivingBytes === undefined) return { kind: "cut", link };
  const dialler = plan.topology.links.find(({ name }) => name === link)?.between[0];
  const direction = dialler === system ? "upstream" : "downstream";
  return { kind: "limit-data", link, direction, limitBytes: arrivingBytes };
}

function errorOf(disk: string, fails: DiskErrorKind): AnyFault {
  if (fails === "full") return { kind: "enospc", disk };
  if (fails === "all") return { kind: "eio", disk, on: ["read", "write", "flush"] };
  return { kind: "eio", disk, on: ["write", "flush"], count: 1 };
}

function strikesOf(plan: Plan, point: CrashPoint, label: string, withinMs: number): readonly Step[] {
  const { system, at } = point;
  const fault = faultAt(plan, point);
  const strike: Step = { kind: "inject", fault, label };
  // The disk itself counts its reads, and how many of them fail.
  if (at.kind === "disk-read") return [strike];
  const when = (moment: typeof at, ...steps: readonly Step[]): Step => {
    const condition: Condition = moment.kind === "disk-write" ? moment : { ...moment, system };
    return { kind: "when", condition, steps, withinMs };
  };
  if (fault.kind === "crash") return [when(at, strike, after(ms(DOWN_MS), restart(system)))];
  const end = after(ms(DOWN_MS), heal(label));
  if (fault.kind === "cut") return [when(at, strike, end)];
  const ahead = (early: Step): Step => (at.nth === 1 ? early : when({ ...at, nth: at.nth - 1 }, early));
  // What is read before the request is not refused: it might never come to the request, nor to the end of the fault.
  if (at.kind === "disk-write" && point.fails === "all")
    return [ahead({ kind: "inject", fault: errorOf(at.disk, "once"), label }), when(at, strike, end)];
  // A link is asked to let so many bytes pass before the first of them is sent, and a disk decides of a request before it is seen.
  return [ahead(strike), when(at, end)];
}
