import type { Checker } from "../check/checker.ts";
import { type AdminStep, describeAdminStep } from "../plan/admin-step.ts";
import type { Plan } from "../plan/plan.ts";
import type { Topology, TopologyPair } from "../plan/topology.ts";
import { type AdminCommand, AdminError } from "../target/target.ts";
import type { RunWorld } from "../world/run-world.ts";
import { journalGroupOf } from "./journal-group.ts";
import type { Marks } from "./marks.ts";
import { UnmetError } from "./unmet-error.ts";

/** What became of a command. */
export interface CommandOutcome {
  /** `unknown`: the system died over it, or did not hear from the other one what became of it. */
  readonly done: "yes" | "no" | "unknown";
  /** The refusal, `CODE: why`; "" without one. */
  readonly refusal: string;
}

/** The refusal is that of a disk, of the end that was asked or of the other one: it says nothing about commands before. */
export function isRefusedByDisk({ refusal }: CommandOutcome): boolean {
  return refusal.includes("DISK_FAILED");
}

/** The refusal is that of a side which is a mixture: who asks for the other one is not refused. */
export function isRefusedByMixture({ refusal }: CommandOutcome): boolean {
  return refusal.startsWith("NOT_CONSISTENT");
}

/** Gives an administrator's command to its system. */
export function giveCommand(
  step: AdminStep,
  parts: {
    readonly plan: Plan;
    readonly world: RunWorld;
    readonly checker: Checker;
    readonly marks: Marks;
    readonly onTargetFault: (system: string, error: unknown) => void;
    /** A takeover of this pair, given at `givenNs`, was carried out just now. What is returned is waited for. */
    readonly onTakeover?: (pair: string, givenNs: number) => Promise<void> | undefined;
  },
): Promise<CommandOutcome> {
  const { plan, world, checker, marks, onTargetFault } = parts;
  const to = addressed(step, plan.topology, marks);
  if (to instanceof UnmetError) return Promise.resolve({ done: "no", refusal: to.message });
  const { volume, command } = to;
  const system = step.at === undefined ? world.systemOfVolume(volume) : world.system(step.at);
  const { serving } = system;
  if (serving === undefined)
    return Promise.resolve({ done: "no", refusal: `DOWN: system ${system.name} does not serve` });
  const issued = checker.adminIssued(system.name, command);
  const givenNs = world.nowNs();
  return new Promise((resolve, reject) => {
    let open = true;
    const end = (outcome: CommandOutcome): void => {
      if (!open) return;
      open = false;
      forget();
      // Unanswered, it may have been carried out: what it agrees to is agreed to.
      if (outcome.done === "no") checker.adminRefused(issued);
      else checker.adminDone(issued, outcome.done === "yes");
      checker.observe();
      const isTakeover = step.kind === "takeover" && outcome.done === "yes";
      const measured = isTakeover ? parts.onTakeover?.(step.pair, givenNs) : undefined;
      if (measured === undefined) resolve(outcome);
      else measured.then(() => resolve(outcome), reject);
    };
    const forget = system.onDown(() => end({ done: "unknown", refusal: "" }));
    system.request(step.kind, () => {
      serving.admin(command).then(
        () => end({ done: "yes", refusal: "" }),
        (error: unknown) => {
          // Its message begins with its code.
          if (error instanceof AdminError)
            end({ done: error.code === "UNANSWERED" ? "unknown" : "no", refusal: error.message });
          else onTargetFault(system.name, error);
        },
      );
    });
  });
}

interface Addressed {
  /** Of the system to which the command belongs. */
  readonly volume: string;
  readonly command: AdminCommand;
}

/** To whom the command goes; or what it needs and is not there. */
function addressed(step: AdminStep, topology: Topology, marks: Marks): Addressed | UnmetError {
  try {
    return commandOf(step, topology, marks);
  } catch (error) {
    if (error instanceof UnmetError) return error;
    throw error;
  }
}

/** @throws UnmetError */
function commandOf(step: AdminStep, topology: Topology, marks: Marks): Addressed {
  const pairOf = (name: string): TopologyPair => {
    const pair = topology.pairs.find((candidate) => candidate.name === name);
    if (pair === undefined) throw new Error(`${describeAdminStep(step)}: no pair ${name} in the topology`);
    return pair;
  };
  switch (step.kind) {
    case "create": {
      const pair = pairOf(step.pair);
      return { volume: pair.primary, command: createCommand(pair) };
    }
    case "split":
      return {
        volume: pairOf(step.pair).primary,
        command: { kind: "split", pair: step.pair, secondary: step.secondary },
      };
    case "resync": {
      const { pair, direction } = step;
      return {
        volume: pairOf(pair).primary,
        command: { kind: "resync", pair, ...(direction === undefined ? {} : { direction }) },
      };
    }
    case "takeover":
      return { volume: pairOf(step.pair).secondary, command: { kind: "takeover", pair: step.pair } };
    case "failback":
      return { volume: pairOf(step.pair).primary, command: { kind: "failback", pair: step.pair } };
    case "delete": {
      const { pair, scope } = step;
      return { volume: pairOf(pair).primary, command: { kind: "delete", pair, scope } };
    }
    case "backup": {
      const { mirrors } = step;
      const volumes = new Set(mirrors.map((name) => pairOf(name).primary));
      const leading = topology.pairs.filter(({ link, secondary }) => link !== undefined && volumes.has(secondary));
      const pairs = step.pairs ?? leading.map(({ name }) => name);
      const [first = mirrors[0] ?? ""] = pairs;
      return { volume: pairOf(first).primary, command: { kind: "backup", pairs, mirrors } };
    }
    case "restore":
      return {
        volume: pairOf(step.pair).primary,
        command: { kind: "restore", pair: step.pair, scope: step.scope },
      };
    case "rollback":
      return { volume: step.volume, command: { kind: "rollback", volume: step.volume } };
    case "recover": {
      const { volume, to, method } = step;
      return { volume, command: { kind: "recover", volume, to: marks.pointOf(to, volume), method } };
    }
    case "recover-group": {
      const { volume, method } = step;
      const group = journalGroupOf(volume, topology);
      if (group === undefined) throw new Error(`the journal of ${volume} is of no group in the topology`);
      const point = marks.pointOf(step.to, volume);
      const to = "lsn" in point ? { volume, lsn: point.lsn } : point;
      return { volume, command: { kind: "recover-group", ...group, to, method } };
    }
  }
}

function createCommand({ name, primary, secondary, link, mode, tracker }: TopologyPair): AdminCommand {
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
