import type { RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";
import type { ContainerRunOptions } from "../world/containers/run-in-containers.ts";
import type { Stage } from "../world/containers/stage.ts";

export type ContainerRunner = (plan: Plan, options: Omit<ContainerRunOptions, "stage">) => Promise<RunRecord>;

/**
 * Runs plans one after the other on one stage, which the end of the command takes away. A stage on which a run failed
 * for reasons of its own is not used again.
 */
export function containerRunner(): ContainerRunner {
  let stage: Stage | undefined;
  return async (plan, options) => {
    // Loaded when it is asked for: it takes longer than most scenarios.
    const { runInContainers } = await import("../world/containers/run-in-containers.ts");
    const { Stage } = await import("../world/containers/stage.ts");
    stage ??= await Stage.create();
    const used = stage;
    try {
      const record = await runInContainers(plan, { ...options, stage: used });
      if (record.verdict !== "ERROR") return record;
    } catch (error) {
      stage = undefined;
      // What cannot be removed now is at the end of the command.
      await used.close().catch(() => undefined);
      throw error;
    }
    stage = undefined;
    await used.close();
    return runInContainers(plan, options);
  };
}
