import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { AdminStep } from "../plan/admin-step.ts";
import type { RunWorld } from "../world/run-world.ts";
import { type CommandOutcome, isRefusedByDisk } from "./give-command.ts";
import type { Host, HostOutcome } from "./host.ts";

/** Who must have an answer asks again after this, so many times: longer than two systems need to find each other. */
const AGAIN_NS = 100 * NS_PER_MS;
const ATTEMPTS_MAX = 100;

/** Refusals that a little patience may change: somebody is away, or something else must come to its end first. */
const PASSING: ReadonlySet<string> = new Set([
  "DOWN",
  "ILLEGAL_TRANSITION",
  "LINK_DOWN",
  "NOT_DUPLEX",
  "RESTORE_RUNS",
  "UNANSWERED",
]);

/** What a command is refused with that was carried out before. */
const DONE_BEFORE: ReadonlyMap<string, string> = new Map([
  ["create", "PAIR_EXISTS"],
  ["delete", "PAIR_UNKNOWN"],
]);

/**
 * The operator of a plan with `mayRefuse`: gives a command again while nobody is there to carry it out, or to say
 * whether it was. Any other refusal is final.
 */
export async function giveUntilAnswered(
  step: AdminStep,
  world: RunWorld,
  give: () => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  let mayBeDone = false;
  for (let attempt = 1; ; attempt++) {
    const outcome = await give();
    const [code = ""] = outcome.refusal.split(/[: ]/, 1);
    // Had one of those before created it, this one would be told of that.
    if (step.kind === "create" && isRefusedByDisk(outcome)) return outcome;
    // One of those before was carried out, and its answer was lost: that is why this one does not fit any more.
    if (mayBeDone && (!PASSING.has(code) || code === "ILLEGAL_TRANSITION") && outcome.done === "no")
      return { done: DONE_BEFORE.get(step.kind) === code ? "yes" : "unknown", refusal: "" };
    mayBeDone ||= outcome.done === "unknown";
    const isPassing = outcome.done === "unknown" || PASSING.has(code);
    if (!isPassing || attempt === ATTEMPTS_MAX) return outcome;
    await world.sleep(AGAIN_NS);
  }
}

/**
 * The host of a plan with `mayRefuse`: asks again while its system is down or does not serve it. What was under way
 * when the system died (GONE) is not repeated.
 */
export async function askUntilServed(host: Host, ask: () => Promise<HostOutcome>): Promise<HostOutcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await ask();
    if (outcome.code !== "REFUSED" || attempt === ATTEMPTS_MAX) return outcome;
    await host.sleep(AGAIN_NS);
  }
}
