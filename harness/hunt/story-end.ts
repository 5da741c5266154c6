import type { Condition } from "../plan/condition.ts";
import { status, step } from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import type { ENGINE_STEPS } from "./engine-steps.ts";

type Steps = typeof ENGINE_STEPS;
export type StoryStep = Steps[keyof Steps][number];

/**
 * What is so when that which the command began at `system` is through: an operator who waits gives the next one then.
 * `undefined` where nothing goes on after the answer.
 */
export function endOf(command: Step, system: string): Condition | undefined {
  switch (command.kind) {
    case "create":
    case "resync":
      return status(command.pair, "DUPLEX", "primary");
    case "recover":
    case "recover-group":
      return step(system, command.method === "swap" ? "journal.base.whole" : "restore.done");
    default: {
      const end = ENDS[command.kind];
      return end === undefined ? undefined : step(system, end);
    }
  }
}

const ENDS: Partial<Record<Step["kind"], StoryStep>> = {
  inject: "pair.suspended",
  heal: "session.up",
  split: "pair.split",
  failback: "pair.swapped",
  backup: "local.split",
  restore: "restore.done",
  rollback: "restore.done",
};
