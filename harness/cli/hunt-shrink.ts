import type { Failure, RunRecord } from "../history/run-record.ts";
import type { ShrunkFailure } from "../hunt/shrink-failure.ts";
import type { Plan } from "../plan/plan.ts";
import { type WorkerModule, WorkerSlot } from "./worker-slot.ts";

/** Groups whose first failure is made small; of more, it is left as it is. */
const GROUPS_MAX = 10;
const SHRINK_MS_MAX = 60_000;

/** Failures of one cause, by the first of them. */
export interface ShrinkableGroup {
  readonly fingerprint: string;
  readonly record: RunRecord | undefined;
  /** Of the run of the small plan. */
  readonly id: string;
  readonly seed: number;
  readonly plan: () => Plan;
}

/** Makes the first failure of each group small, some at a time. @returns by fingerprint; without those that could not be */
export async function shrinkGroups(
  groups: readonly ShrinkableGroup[],
  options: {
    readonly worker: WorkerModule;
    readonly workerCount: number;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<string, ShrunkFailure>> {
  const waiting = groups.slice(0, GROUPS_MAX);
  const shrunk = new Map<string, ShrunkFailure>();
  const loop = async (): Promise<void> => {
    let slot: WorkerSlot | undefined;
    try {
      for (let group = waiting.shift(); group !== undefined && !options.signal.aborted; group = waiting.shift()) {
        const failure = failureOf(group);
        if (failure === undefined) continue;
        slot ??= new WorkerSlot(options.worker);
        const { id, seed } = group;
        const end = await slot.do(
          { kind: "shrink", id, plan: group.plan(), seed, failure, msMax: SHRINK_MS_MAX },
          { taskMsMax: SHRINK_MS_MAX + options.timeoutMs, signal: options.signal },
        );
        if (end.kind === "shrunk") shrunk.set(group.fingerprint, end.shrunk);
        if (!slot.alive) slot = undefined;
      }
    } finally {
      await slot?.close();
    }
  };
  await Promise.all(Array.from({ length: options.workerCount }, loop));
  return shrunk;
}

/** The failure that gave the group its name; a run that did not come to its end cannot be made small. */
function failureOf({ fingerprint, record }: ShrinkableGroup): Failure | undefined {
  const failures = record?.failures ?? [];
  return failures.find(({ rule }) => rule !== "harness" && fingerprint.startsWith(`${rule} `));
}
