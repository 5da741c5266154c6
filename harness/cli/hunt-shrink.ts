import type { Failure } from "../history/run-record.ts";
import type { FailureGroup } from "../hunt/campaign-tally.ts";
import type { ShrunkSeed } from "../hunt/shrink-seed.ts";
import { type WorkerModule, WorkerSlot } from "./worker-slot.ts";

/** Groups whose first failure is made small; of more, it is left as it is. */
const GROUPS_MAX = 10;
const SHRINK_MS_MAX = 60_000;

/** Makes the first failure of each group small, some at a time. @returns by fingerprint; without those that could not be */
export async function shrinkGroups(
  groups: readonly FailureGroup[],
  options: {
    readonly worker: WorkerModule;
    readonly workerCount: number;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<string, ShrunkSeed>> {
  const waiting = groups.slice(0, GROUPS_MAX);
  const shrunk = new Map<string, ShrunkSeed>();
  const loop = async (): Promise<void> => {
    let slot: WorkerSlot | undefined;
    try {
      for (let group = waiting.shift(); group !== undefined && !options.signal.aborted; group = waiting.shift()) {
        const failure = failureOf(group);
        if (failure === undefined) continue;
        slot ??= new WorkerSlot(options.worker);
        const { seed, variant } = group.example;
        const end = await slot.do(
          { kind: "shrink", key: { seed, variant }, failure, msMax: SHRINK_MS_MAX },
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
function failureOf({ fingerprint, example }: FailureGroup): Failure | undefined {
  const failures = example.record?.failures ?? [];
  return failures.find(({ rule }) => rule !== "harness" && fingerprint.startsWith(`${rule} `));
}
