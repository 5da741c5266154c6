import type { Checker } from "../check/checker.ts";
import type { Plan } from "../plan/plan.ts";
import type { AdminStep } from "../plan/step.ts";
import type { TopologyPair } from "../plan/topology.ts";
import { type AdminCommand, AdminError } from "../target/target.ts";
import type { SimWorld } from "../world/sim/sim-world.ts";

/**
 * Gives an administrator's command to its system. Gives the refusal, `CODE: why`, or "" if it was
 * accepted, or if the system died over it: then nobody knows.
 */
export function giveCommand(
  step: AdminStep,
  parts: {
    readonly plan: Plan;
    readonly world: SimWorld;
    readonly checker: Checker;
    readonly onTargetFault: (system: string, error: unknown) => void;
  },
): Promise<string> {
  const { plan, world, checker, onTargetFault } = parts;
  const pair = plan.topology.pairs.find(({ name }) => name === step.pair);
  if (pair === undefined) throw new Error(`no pair ${step.pair} in the topology`);
  const usual = world.systemOfVolume(step.kind === "takeover" ? pair.secondary : pair.primary);
  const system = step.at === undefined ? usual : world.system(step.at);
  const { serving } = system;
  if (serving === undefined) return Promise.resolve(`DOWN: system ${system.name} does not serve`);
  const command = commandOf(step, pair);
  const issued = checker.adminIssued(system.name, command);
  return new Promise((resolve) => {
    let open = true;
    const end = (refusal: string): void => {
      if (!open) return;
      open = false;
      forget();
      // Unanswered, it may have been carried out: what it agrees to is agreed to.
      if (refusal === "" || refusal.startsWith("UNANSWERED")) checker.adminDone(issued);
      else checker.adminRefused(issued);
      checker.observe();
      resolve(refusal);
    };
    const forget = system.onDown(() => end(""));
    system.request(step.kind, () => {
      serving.admin(command).then(
        () => end(""),
        (error: unknown) => {
          // Its message begins with its code.
          if (error instanceof AdminError) end(error.message);
          else onTargetFault(system.name, error);
        },
      );
    });
  });
}

function commandOf(step: AdminStep, pair: TopologyPair): AdminCommand {
  switch (step.kind) {
    case "create": {
      const { name, primary, secondary, link, mode, tracker } = pair;
      if (link === undefined) return { kind: "create-local", pair: name, volume: primary, mirrorVolume: secondary };
      return {
        kind: "create",
        pair: name,
        volume: primary,
        link,
        peerVolume: secondary,
        mode,
        ...(tracker === undefined ? {} : { tracker }),
      };
    }
    case "split":
      return { kind: "split", pair: pair.name, secondary: step.secondary };
    case "resync": {
      const { direction } = step;
      return { kind: "resync", pair: pair.name, ...(direction === undefined ? {} : { direction }) };
    }
    case "takeover":
    case "failback":
      return { kind: step.kind, pair: pair.name };
  }
}
