import { availableParallelism } from "node:os";
import { join } from "node:path";
import { faultsByKind } from "../history/mirror-state.ts";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import { type BlockResults, Blocks, type SeedRange, type Shard } from "../hunt/blocks.ts";
import { CampaignTally, type FailureGroup, neverReached } from "../hunt/campaign-tally.ts";
import { GENERATOR_VERSION, randomPlan, shapeOf } from "../hunt/generate.ts";
import { keyText, type SeedKey, type SeedResult, worldSeed } from "../hunt/seed-result.ts";
import type { ShrunkFailure } from "../hunt/shrink-failure.ts";
import { planSize } from "../hunt/shrink/plan-size.ts";
import { printScenario } from "../plan/print/print-scenario.ts";
import { startOf } from "./campaign-start.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { runCorpus } from "./hunt-corpus.ts";
import type { HuntCoordinator } from "./hunt-coordinator.ts";
import { groupOf, type HuntDocument, type HuntGroup, type HuntLine } from "./hunt-document.ts";
import { huntCases } from "./hunt-cases.ts";
import { huntSeeds } from "./hunt-pool.ts";
import { huntProgress } from "./hunt-progress.ts";
import { huntText } from "./hunt-report.ts";
import { type ShrinkableGroup, shrinkGroups } from "./hunt-shrink.ts";
import { OutDirectory } from "./out-directory.ts";
import { tokenOf } from "./replay-token.ts";
import { tellJob } from "./tell-job.ts";
import { writeReports } from "./write-reports.ts";

export interface HuntOptions {
  /** All of them, or with `minutes` as many from `from` on as there is time for. */
  readonly seeds: SeedRange;
  readonly minutes?: number;
  readonly shard: Shard;
  readonly corpus: boolean;
  /** The first failure of each group is made small. */
  readonly shrinks: boolean;
  readonly out: string;
  readonly json: boolean;
  readonly workers: number | undefined;
  readonly timeoutMs: number;
  /** Where workers of other machines take the runs from; without, they are done here. */
  readonly queue?: QueueOptions;
}

export interface QueueOptions {
  /** `postgres://…`, perhaps with a password. */
  readonly url: string;
  /** How long a database that does not answer is waited for. */
  readonly patienceMs: number;
}

const WORKERS_DEFAULT_MAX = 64;

/**
 * A campaign: the corpus first, then random plans, one a seed (HX-7).
 *
 * @returns the exit code
 * @throws UsageError
 */
export async function huntCommand(parts: CommandLineParts, options: HuntOptions): Promise<number> {
  const out = new OutDirectory(options.out);
  if (options.queue === undefined) return runCampaign(parts, options, out);
  // Loaded when it is asked for: most hunts need no database.
  const { HuntCoordinator } = await import("./hunt-coordinator.ts");
  const queue = await HuntCoordinator.open(parts, options.queue);
  try {
    return await runCampaign(parts, options, out, queue);
  } finally {
    await queue.close();
  }
}

/** @param queue has the runs done; without, they are done by threads of this process */
async function runCampaign(
  parts: CommandLineParts,
  options: HuntOptions,
  out: OutDirectory,
  queue?: HuntCoordinator,
): Promise<number> {
  const { terminal, interrupt } = parts;
  const { seeds, minutes, shard, json } = options;
  const startMs = performance.now();
  const digest = engineDigest(parts.engineFolder);
  const workerCount = options.workers ?? Math.min(availableParallelism(), WORKERS_DEFAULT_MAX);
  const campaign = new CampaignTally();
  const range = { kind: "seeds", seeds, shard, generator: GENERATOR_VERSION } as const;
  out.start(startOf(parts, "hunt", minutes === undefined ? range : { ...range, minutes }));
  let lastSeed = seeds.from;
  let keptCount = 0;
  const runs: RunRecord[] = [];
  const keep = (result: SeedResult): void => {
    if (result.record === undefined) return;
    const record = { ...result.record, replay: tokenFor(result, digest) };
    out.keep(record);
    out.planOf(record.id, randomPlan(result.seed, result.variant));
    runs.push(record);
  };
  const onBlock = (block: BlockResults): void => {
    campaign.add(block);
    for (const { seed } of block.results) lastSeed = Math.max(lastSeed, seed);
    for (const result of campaign.kept.slice(keptCount)) keep(result);
    keptCount = campaign.kept.length;
  };
  const corpus = options.corpus
    ? await runCorpus(parts, { workerCount, timeoutMs: options.timeoutMs, digest })
    : { runCount: 0, skippedCount: 0, unexpected: [] };

  const blocks = new Blocks(seeds, shard, onBlock);
  const huntStartMs = performance.now();
  const huntMs = (): number => performance.now() - huntStartMs;
  const isOver = (): boolean => minutes !== undefined && huntMs() >= minutes * 60_000;
  let doneSeeds = 0;
  const expectedSeeds = (seeds.to - seeds.from + 1) / shard.of;
  const part = (): number => (minutes === undefined ? doneSeeds / expectedSeeds : huntMs() / (minutes * 60_000));
  const progress = await huntProgress(terminal, { part, nowMs: () => performance.now() });
  try {
    const onResult = (result: SeedResult): void => {
      if (result.variant === 0) doneSeeds++;
      progress.result(result);
      out.history(lineOf(result));
    };
    const common = { seedMsMax: options.timeoutMs, signal: interrupt, onResult };
    if (queue === undefined) await huntSeeds(blocks, { ...common, worker: parts.worker, workerCount, isOver });
    else await queue.hunt(blocks, seeds, common);
  } finally {
    blocks.end();
    await progress.end();
  }

  const status = interrupt.aborted ? "interrupted" : isOver() ? "time-over" : "complete";
  await queue?.end(status, campaign, Math.round(huntMs()));
  const small = options.shrinks
    ? await shrinkGroups(campaign.groups.map(shrinkable), {
        worker: parts.worker,
        workerCount,
        timeoutMs: options.timeoutMs,
        signal: interrupt,
      })
    : new Map<string, ShrunkFailure>();
  const groups = campaign.groups.map((group, index): HuntGroup => {
    const told = groupOf(group, `${parts.calledAs} replay ${tokenFor(group.example, digest)}`);
    const shrunk = small.get(group.fingerprint);
    if (shrunk === undefined) return told;
    const { plan, runs: tried, isSmallest } = shrunk;
    const { steps, faults } = planSize(plan);
    const seed = worldSeed(group.example);
    const token = tokenOf({ id: `hunt/small-${index + 1}`, seed, plan, embed: true, engineDigest: digest });
    const replay = `${parts.calledAs} replay ${token}`;
    const source = printScenario(plan, { comment: [`Seed ${seed}: ${told.message}`] });
    const scenario = join(options.out, out.scenario(`small-${index + 1}`, source));
    return { ...told, small: { steps, faults, runs: tried, isSmallest, replay, scenario } };
  });
  const verdicts: Verdict[] = [campaign.verdict, ...(corpus.unexpected.length > 0 ? (["FAIL"] as const) : [])];
  const document: HuntDocument = {
    schemaVersion: 1,
    generator: GENERATOR_VERSION,
    engine: digest,
    seeds: { from: seeds.from, to: status === "complete" ? seeds.to : lastSeed },
    shard,
    status,
    verdict: mergeVerdicts(verdicts),
    outcome: campaign.outcome,
    runCount: campaign.runs,
    derivedCount: campaign.derived,
    failedCount: campaign.failed,
    events: campaign.events,
    groups,
    neverReached: neverReached(campaign.reached),
    reached: Object.fromEntries([...campaign.reached].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    faults: [...campaign.faults],
    corpus,
    wallMs: Math.round(performance.now() - startMs),
    runs,
  };
  out.index(document);
  await writeReports(parts, out, huntCases(document), document.wallMs);
  tellJob(parts, {
    verdict: document.verdict,
    totals: `${campaign.runs} random plans, of which ${campaign.failed} failed in ${groups.length} ways`,
    problems: [
      ...corpus.unexpected.map((title) => ({
        title,
        message: "a failure of the past is back",
        replay: `${parts.calledAs} hunt`,
      })),
      ...groups.map(({ fingerprint, message, replay, small }) => ({
        title: `hunt, ${fingerprint}`,
        message,
        replay: small?.replay ?? replay,
      })),
    ],
  });
  terminal.out(json ? `${JSON.stringify(document, null, 2)}\n` : huntText(document, options.out));
  return interrupt.aborted ? EXIT.interrupted : exitCodeOf(document.verdict);
}

function shrinkable({ fingerprint, example }: FailureGroup): ShrinkableGroup {
  return {
    fingerprint,
    record: example.record,
    id: `hunt/${example.seed}-small`,
    seed: worldSeed(example),
    plan: () => randomPlan(example.seed, example.variant),
  };
}

function lineOf(result: SeedResult): HuntLine {
  const { seed, variant, verdict, historyHash, events, fingerprints, recovery } = result;
  return {
    id: `hunt/${keyText(result)}`,
    ...{ seed, variant, verdict, historyHash, events },
    scenario: `random plan: ${shapeOf(seed)}`,
    faults: faultsByKind(result.faults),
    fingerprints: [...fingerprints],
    ...(recovery.length === 0 ? {} : { recovery: { samples: recovery.map((sample) => ({ ...sample })) } }),
  };
}

function tokenFor(key: SeedKey, digest: string): string {
  const plan = randomPlan(key.seed, key.variant);
  return tokenOf({ id: `hunt/${keyText(key)}`, seed: worldSeed(key), plan, embed: true, engineDigest: digest });
}
