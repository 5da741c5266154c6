import type { RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";
import type { EvidenceFile } from "../world/containers/evidence.ts";
import type { Stage } from "../world/containers/stage.ts";

export interface ChaosRunOptions {
  readonly id: string;
  readonly seed: number;
  readonly replay: string;
  readonly interrupt: AbortSignal;
  /** Given all that can be seen when the round has failed and nothing is healed yet. */
  readonly onEvidence: (files: readonly EvidenceFile[]) => void;
}

/** Runs the rounds of a chaos campaign, one after the other. */
export interface ChaosRunner {
  /** Makes what all rounds need. @throws ContainerError: there is no container engine, or no image */
  open(): Promise<void>;
  /** Settles when every fault of the round is proven to be healed. @throws ContainerError NOT_HEALED, and others */
  run(plan: Plan, options: ChaosRunOptions): Promise<RunRecord>;
  /** Takes everything away, and proves that nothing is left. @throws ContainerError NOT_HEALED */
  close(): Promise<void>;
}

/** A round that has not come to rest by then does not (L). */
const ROUND_MS_MAX = 300_000;

/** Rounds on one stage, and on another one after a round that failed for reasons of the harness. */
export function containerChaosRunner(): ChaosRunner {
  let stage: Stage | undefined;
  const drop = async (): Promise<void> => {
    const used = stage;
    stage = undefined;
    await used?.close();
  };
  const opened = async (): Promise<Stage> => {
    // Loaded when it is asked for: it takes longer than most commands.
    const { Stage } = await import("../world/containers/stage.ts");
    stage ??= await Stage.create();
    return stage;
  };
  return {
    open: async () => void (await opened()),
    async run(plan, { onEvidence, ...options }) {
      const { runInContainers } = await import("../world/containers/run-in-containers.ts");
      const { evidenceOf } = await import("../world/containers/evidence.ts");
      try {
        const record = await runInContainers(plan, {
          ...options,
          stage: await opened(),
          recovery: true,
          limitMs: ROUND_MS_MAX,
          onFailure: async (world, used) => onEvidence(await evidenceOf(world, used, plan.topology)),
        });
        if (record.verdict === "ERROR") await drop();
        return record;
      } catch (error) {
        // What made the round fail is the news; what cannot be removed now is at the end of the command.
        await drop().catch(() => undefined);
        throw error;
      }
    },
    close: drop,
  };
}
