import { availableParallelism } from "node:os";
import type { RunRecord } from "../history/run-record.ts";
import { type EndedCase, groupsOf, outcomeOf, tornKindsOf, verdictOf } from "../hunt/exhaust/case-groups.ts";
import { type CaseBase, type CaseResult, planOf } from "../hunt/exhaust/run-case.ts";
import type { ShrunkFailure } from "../hunt/shrink-failure.ts";
import { tally } from "../hunt/tally.ts";
import { type Plan, parsePlan } from "../plan/plan.ts";
import type { HistoryLine } from "./campaign-files.ts";
import { startOf } from "./campaign-start.ts";
import { runCases } from "./case-pool.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import type { ExhaustDocument } from "./exhaust-document.ts";
import { exhaustGroup, type GroupContext, pointsText } from "./exhaust-group.ts";
import { exhaustProgress } from "./exhaust-progress.ts";
import { exhaustText } from "./exhaust-report.ts";
import { type SearchOptions, type SearchResult, searchPoints } from "../hunt/exhaust/search.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { shrinkGroups } from "./hunt-shrink.ts";
import { OutDirectory } from "./out-directory.ts";
import { readPlanFile } from "./plan-file.ts";
import { tokenOf } from "./replay-token.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { loadAll } from "./scenario-files.ts";
import { selectScenarios } from "./select-scenarios.ts";
import { quoted, UsageError } from "./usage-error.ts";

export interface ExhaustOptions extends SearchOptions {
  readonly seed: number;
  readonly out: string;
  readonly json: boolean;
  readonly workers: number | undefined;
  readonly timeoutMs: number;
  /** The first failure of each group is made small. */
  readonly shrinks: boolean;
}

const WORKERS_DEFAULT_MAX = 64;
/** Failed runs that are kept with record and plan; of more, only the number. */
const KEPT_MAX = 200;

/**
 * Runs a scenario once for every write that its programs issue to a disk and every frame that they send, with a crash,
 * a cut or an error of the disk at that moment, and a loss of power once for each content that it may leave on the disks; with pairs, also
 * with a second blow after the first.
 *
 * @returns the exit code
 * @throws UsageError
 */
export async function exhaustCommand(
  parts: CommandLineParts,
  pattern: string,
  options: ExhaustOptions,
): Promise<number> {
  const { terminal, interrupt } = parts;
  const { seed } = options;
  const startMs = performance.now();
  const entry = await onlyScenario(parts, pattern);
  const plan = parsePlan(entry.plan);
  requireInvariants(plan, entry.id);
  const start: CaseBase = { id: entry.id, plan, seed, withinMs: 0 };
  const out = new OutDirectory(options.out);
  out.start(startOf(parts, "exhaust", { kind: "points", scenario: entry.id, seed }));
  const digest = engineDigest(parts.engineFolder);
  const workerCount = options.workers ?? Math.min(availableParallelism(), WORKERS_DEFAULT_MAX);
  const pool = { worker: parts.worker, workerCount, signal: interrupt };
  const progress = await exhaustProgress(terminal, () => performance.now());
  let found: SearchResult;
  try {
    found = await searchPoints(start, options, (name, base, requests) => {
      progress.stage(name, requests.length);
      return runCases(base, requests, {
        ...pool,
        caseMsMax: options.timeoutMs,
        onResult: (result) => {
          progress.result(result);
          out.history(lineOf(base, result));
        },
      });
    });
  } finally {
    await progress.end();
  }

  const { first, base, single, second } = found;
  const blown = [...single, ...second];
  // What fails without a blow says nothing of blows.
  const ended: EndedCase[] =
    first !== undefined && first.verdict !== "PASS" ? [{ of: { points: [] }, base, result: first }] : blown;
  const token = (of: EndedCase): string =>
    tokenOf({ id: idOf(base, of), seed, plan: planOf(of.base, of.of.points), embed: true, engineDigest: digest });
  const runs: RunRecord[] = [];
  const failed = ended.filter(({ result }) => result.verdict !== "PASS");
  for (const one of failed.slice(0, KEPT_MAX)) {
    const { record } = one.result;
    if (record === undefined) continue;
    const told = { ...record, replay: token(one) };
    out.keep(told);
    out.plan(`point-${one.result.index}`, planOf(one.base, one.of.points));
    runs.push(told);
  }
  const groups = groupsOf(failed);
  const small = options.shrinks
    ? await shrinkGroups(
        groups.map(({ fingerprint, example }) => ({
          fingerprint,
          record: example.result.record,
          id: `${idOf(base, example)}-small`,
          seed,
          plan: () => planOf(example.base, example.of.points),
        })),
        { ...pool, timeoutMs: options.timeoutMs },
      )
    : new Map<string, ShrunkFailure>();
  const context: GroupContext = { out, outPath: options.out, calledAs: parts.calledAs, seed, digest, token };
  const document: ExhaustDocument = {
    schemaVersion: 2,
    scenario: entry.id,
    seed,
    status: interrupt.aborted ? "interrupted" : "complete",
    verdict: verdictOf(ended),
    outcome: outcomeOf(blown),
    total: found.total,
    stride: options.stride,
    runCount: single.length,
    plannedCount: found.plannedCount,
    leftOut: found.leftOut,
    torn: found.torn === undefined ? undefined : { ...found.torn, kinds: tornKindsOf(single) },
    rows: tally(single.flatMap(({ of, result }) => of.points.map((point) => ({ point, ...result })))),
    pairs: found.pairs,
    groups: groups.map((group, index) => exhaustGroup(group, small.get(group.fingerprint), index, context)),
    failures: failed.slice(0, KEPT_MAX).map((one) => ({
      point: pointsText(one),
      isReached: one.result.isReached,
      fingerprints: one.result.fingerprints,
      replay: `${parts.calledAs} replay ${token(one)}`,
    })),
    failedCount: failed.length,
    wallMs: Math.round(performance.now() - startMs),
    runs,
  };
  out.index(document);
  terminal.out(options.json ? `${JSON.stringify(document, null, 2)}\n` : exhaustText(document, options.out));
  return interrupt.aborted ? EXIT.interrupted : exitCodeOf(document.verdict);
}

function lineOf(base: CaseBase, { index, verdict, historyHash, virtualMs, fingerprints }: CaseResult): HistoryLine {
  const { id, seed } = base;
  return {
    ...{ seed, verdict, historyHash, virtualMs },
    id: `${id}/${index}`,
    scenario: id,
    faults: [],
    fingerprints: [...fingerprints],
  };
}

function idOf(base: CaseBase, { result }: EndedCase): string {
  return `${base.id}/${result.index}`;
}

/** @throws UsageError if the plan is to violate an invariant: a blow moves the damage that it plants, and other invariants fail */
function requireInvariants({ expect }: Plan, id: string): void {
  for (const expectation of expect) {
    if (expectation.kind !== "violates") continue;
    throw new UsageError({
      place: "scenario",
      found: `${id}, which expects ${expectation.invariant} to be violated`,
      expected: "one whose invariants hold",
      remedy: "run it as it is: what it shows is that the check can fail",
    });
  }
}

/** @throws UsageError if the pattern means several, or none */
async function onlyScenario(parts: CommandLineParts, pattern: string): Promise<ScenarioEntry> {
  if (pattern.endsWith(".json")) return readPlanFile(pattern);
  const meant = selectScenarios(await loadAll(parts.scenarios), [pattern]);
  const [only] = meant;
  if (only !== undefined && meant.length === 1) return only;
  throw new UsageError({
    place: "scenario",
    found: `${quoted(pattern)}, which means ${meant.length}`,
    expected: "one scenario",
    remedy: `name one of ${meant
      .slice(0, 5)
      .map(({ id }) => id)
      .join(", ")}${meant.length > 5 ? ", …" : ""}`,
  });
}
