import { statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { CampaignSummary } from "../history/campaign-summary.ts";
import { INVARIANTS, type Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import type { CampaignFolder } from "./campaign-folder.ts";
import { CAMPAIGN_FILES } from "./out-directory.ts";
import { shardSeedCount } from "./unfinished-hunt.ts";

/** A larger document is not read for the few words that it has beside its runs. */
const DOCUMENT_BYTES_MAX = 64 * 2 ** 20;

/** Of hunts, what their document says counts: it knows failures of the past, and runs in which no fault had an effect. */
const documentSchema = z.looseObject({
  verdict: z.string().optional(),
  status: z.string().optional(),
  wallMs: z.number().optional(),
});

/** What lies in the folder of a campaign, in a few figures. Reads its history once. @throws UsageError */
export function summaryOf(campaign: CampaignFolder): CampaignSummary {
  const { start, isEnded } = campaign;
  const counts = new Map<Verdict, number>();
  const faults = new Map<string, { kind: string; injected: number; effective: number }>();
  const invariants = INVARIANTS.map((invariant) => ({ invariant, checks: 0, broken: 0 }));
  const groups = new Set<string>();
  let [events, virtualMs, seeds] = [0, 0, 0];
  for (const run of campaign.runs()) {
    counts.set(run.verdict, (counts.get(run.verdict) ?? 0) + 1);
    events += run.events ?? 0;
    virtualMs += run.virtualMs ?? 0;
    if (run.variant === 0) seeds++;
    for (const { kind, injected, effective } of run.faults) {
      const before = faults.get(kind) ?? { kind, injected: 0, effective: 0 };
      faults.set(kind, { kind, injected: before.injected + injected, effective: before.effective + effective });
    }
    for (const tally of invariants) {
      tally.checks += run.checks?.[tally.invariant] ?? 0;
      if (run.verdict !== "PASS" && run.invariants?.[tally.invariant] === "FAIL") tally.broken++;
    }
    if (run.verdict === "PASS" || run.verdict === "SKIPPED") continue;
    const [failure] = run.failures ?? [];
    const ways = run.fingerprints ?? [failure === undefined ? run.verdict : `${failure.rule}: ${failure.message}`];
    for (const way of ways) groups.add(way.replace(/\d+/gu, "#"));
  }
  const { verdict, status, wallMs = 0 } = isEnded ? documentOf(campaign) : {};
  const isShort = start.planned.kind === "seeds" && start.planned.minutes === undefined;
  const isWhole = !isShort || (start.planned.kind === "seeds" && seeds >= shardSeedCount(start.planned));
  return {
    schemaVersion: 1,
    date: start.startedAt,
    command: start.command,
    version: start.version,
    engine: start.engine,
    verdict:
      (start.planned.kind === "seeds" ? (verdict as Verdict | undefined) : undefined) ?? mergeVerdicts(counts.keys()),
    isComplete: isEnded && status !== "interrupted" && !counts.has("SKIPPED") && isWhole,
    runs: Object.fromEntries(counts),
    ...{ events, wallMs, virtualMs: Math.round(virtualMs) },
    faults: [...faults.values()].toSorted((one, other) => (one.kind < other.kind ? -1 : 1)),
    invariants: invariants.filter(({ checks, broken }) => checks + broken > 0),
    failureGroups: groups.size,
  };
}

function documentOf(campaign: CampaignFolder): z.infer<typeof documentSchema> {
  const { size } = statSync(join(campaign.path, CAMPAIGN_FILES.results));
  return size > DOCUMENT_BYTES_MAX ? {} : campaign.read(CAMPAIGN_FILES.results, documentSchema);
}
