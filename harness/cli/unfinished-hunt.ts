import type { Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import { BLOCK_SEEDS } from "../hunt/blocks.ts";
import type { CampaignFolder } from "./campaign-folder.ts";
import type { Planned } from "./campaign-files.ts";
import type { HuntDocument, HuntGroup } from "./hunt-document.ts";

/** What is known of a hunt; `reached` of one that was brought to its end alone. */
export type KnownHunt = Omit<HuntDocument, "runs" | "status" | "reached" | "schemaVersion" | "engine" | "shard"> & {
  readonly status: string;
  readonly reached?: HuntDocument["reached"];
};

type PlannedSeeds = Extract<Planned, { kind: "seeds" }>;

/** Groups kept of a hunt that was killed; of more, the first ones. */
const GROUPS_MAX = 1000;

/** What the history of a hunt that was killed, or is under way, comes to. */
export function unfinishedHunt(folder: CampaignFolder, { seeds, generator }: PlannedSeeds): KnownHunt {
  const groups = new Map<string, HuntGroup>();
  const faults = new Map<string, KnownHunt["faults"][number]>();
  const verdicts = new Set<Verdict>();
  let [runCount, derivedCount, failedCount, events] = [0, 0, 0, 0];
  for (const run of folder.runs()) {
    runCount++;
    verdicts.add(run.verdict);
    events += run.events ?? 0;
    if ((run.variant ?? 0) > 0) derivedCount++;
    if (run.verdict !== "PASS") failedCount++;
    for (const { kind, injected, effective } of run.faults) {
      const before = faults.get(kind) ?? { kind, injected: 0, effective: 0 };
      faults.set(kind, { kind, injected: before.injected + injected, effective: before.effective + effective });
    }
    for (const fingerprint of run.fingerprints ?? []) {
      const known = groups.get(fingerprint);
      if (known !== undefined) groups.set(fingerprint, { ...known, count: known.count + 1 });
      else if (groups.size < GROUPS_MAX) {
        const [failure] = run.failures ?? [];
        const message = failure === undefined ? "" : `${failure.rule}: ${failure.message}`;
        const again = run.replay ?? "";
        const replay = `${folder.start.calledAs} ${again === "" ? `hunt --seeds ${run.seed}` : `replay ${again}`}`;
        groups.set(fingerprint, { fingerprint, count: 1, seed: run.id.replace(/^hunt\//u, ""), message, replay });
      }
    }
  }
  return {
    ...{ generator, seeds, runCount, derivedCount, failedCount, events },
    status: "unfinished",
    verdict: mergeVerdicts(verdicts),
    outcome: "",
    groups: [...groups.values()].toSorted((one, other) => other.count - one.count),
    faults: [...faults.values()].toSorted((one, other) => (one.kind < other.kind ? -1 : 1)),
    neverReached: [],
    corpus: { runCount: 0, skippedCount: 0, unexpected: [] },
    wallMs: 0,
  };
}

/** How many seeds a shard has. */
export function shardSeedCount({ seeds, shard }: PlannedSeeds): number {
  const total = seeds.to - seeds.from + 1;
  let count = 0;
  for (let block = shard.index - 1; block * BLOCK_SEEDS < total; block += shard.of)
    count += Math.min(BLOCK_SEEDS, total - block * BLOCK_SEEDS);
  return count;
}
