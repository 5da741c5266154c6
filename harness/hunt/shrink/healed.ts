import { isAdminStep } from "../../plan/admin-step.ts";
import type { Plan, Step } from "../../plan/index.ts";
import { systemOfDisk } from "../../plan/system-disks.ts";
import { leaves } from "./steps.ts";

/** What a step begins, by the steps that end it: any of them. */
type Open = readonly string[];

/**
 * Whether all that a plan does to links and systems is over at its end, and pairs that an operator took apart are
 * brought together: each fault is followed by its `heal`, each crash by a `restart`, and each command that may part a
 * pair by a `resync` forward and one in reverse, or by one that leaves the direction to the engine.
 */
export function isHealed(plan: Plan): boolean {
  let open: readonly Open[] = [];
  for (const step of leaves(plan.steps)) {
    const ends = endsOf(step);
    open = [...open.filter((one) => !one.some((end) => ends.includes(end))), ...begunBy(step, plan)];
  }
  return open.length === 0;
}

function endsOf(step: Step): readonly string[] {
  switch (step.kind) {
    case "heal":
      return [`heal ${step.label}`];
    case "restart":
      return [`restart ${step.system}`];
    case "create":
      return [`create ${step.pair}`];
    case "resync": {
      const { pair, direction } = step;
      return direction === undefined ? [`forward ${pair}`, `reverse ${pair}`] : [`${direction} ${pair}`];
    }
    default:
      return [];
  }
}

function begunBy(step: Step, plan: Plan): readonly Open[] {
  if (step.kind === "inject") return faultBegun(step, plan);
  if (!isAdminStep(step)) return [];
  const { topology } = plan;
  switch (step.kind) {
    case "create":
    case "resync":
      return [];
    case "delete":
      return [[`create ${step.pair}`], ...apart(step.pair)];
    case "backup":
      return step.mirrors.flatMap(apart);
    case "rollback":
    case "recover":
    case "recover-group":
      return topology.pairs.filter(({ link }) => link !== undefined).flatMap(({ name }) => apart(name));
    default:
      return apart(step.pair);
  }
}

function apart(pair: string): readonly Open[] {
  return [[`forward ${pair}`], [`reverse ${pair}`]];
}

function faultBegun({ fault, label }: Extract<Step, { kind: "inject" }>, { topology }: Plan): readonly Open[] {
  if (fault.kind === "crash") return [[`restart ${fault.system}`]];
  const on = "link" in fault ? fault.link : "system" in fault ? fault.system : fault.disk;
  const heals = [`heal ${on}`, ...(label === undefined ? [] : [`heal ${label}`])];
  if (fault.kind !== "torn-write") return [heals];
  // Its system loses power with it.
  return [heals, [`restart ${systemOfDisk(topology.systems, on) ?? ""}`]];
}
