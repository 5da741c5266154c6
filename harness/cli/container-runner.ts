import type { RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";
import type { ContainerRunOptions } from "../world/containers/run-in-containers.ts";
import type { Stage } from "../world/containers/stage.ts";

type RunOptions = Omit<ContainerRunOptions, "stage">;

export type ContainerRunner = (plan: Plan, options: RunOptions) => Promise<RunRecord>;

/** How plans are run, and what they share. */
export interface ContainerRunnerParts<S extends Pick<Stage, "close">> {
  readonly createStage: () => Promise<S>;
  readonly run: (plan: Plan, options: RunOptions & { readonly stage: S }) => Promise<RunRecord>;
}

/**
 * Runs plans one after the other on one stage, which the end of the command takes away. A stage on which a run failed
 * for reasons of its own is not used again; the failure stands.
 */
export function containerRunner<S extends Pick<Stage, "close">>(
  load: () => Promise<ContainerRunnerParts<S>>,
): ContainerRunner {
  let stage: S | undefined;
  return async (plan, options) => {
    const { createStage, run } = await load();
    // Without a container engine, or an image, no plan can be run: that is told as it is, once.
    stage ??= await createStage();
    const used = stage;
    let isSound = false;
    try {
      const record = await run(plan, { ...options, stage: used });
      isSound = record.failures.every(({ rule }) => rule !== "harness");
      return record;
    } catch (error) {
      throw new Error(`the world of containers failed: ${String(error)}`, { cause: error });
    } finally {
      if (!isSound) {
        stage = undefined;
        // What cannot be removed now is at the end of the command.
        await used.close().catch(() => undefined);
      }
    }
  };
}

/** The real thing. Loaded when it is asked for: it takes longer than most scenarios. */
export async function containerWorld(): Promise<ContainerRunnerParts<Stage>> {
  const [{ runInContainers }, { Stage }] = await Promise.all([
    import("../world/containers/run-in-containers.ts"),
    import("../world/containers/stage.ts"),
  ]);
  return { createStage: () => Stage.create(), run: runInContainers };
}
