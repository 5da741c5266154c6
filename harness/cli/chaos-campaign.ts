import type { Failure, RecoveryTimes, RunRecord, Verdict } from "../history/run-record.ts";
import { unjudgedRecord } from "../history/unjudged-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import type { Plan } from "../plan/plan.ts";
import type { EvidenceFile } from "../world/containers/evidence.ts";
import type { ChaosRunner } from "./chaos-runner.ts";

export interface ChaosCampaignOptions {
  readonly seed: number;
  /** No round begins after that; one that has begun is finished. */
  readonly limitMs: number;
  readonly roundsMax: number;
  readonly planOf: (round: number) => Plan;
  readonly tokenOf: (id: string, plan: Plan) => string;
  readonly runner: ChaosRunner;
  readonly interrupt: AbortSignal;
  readonly nowMs: () => number;
  readonly onRound: (round: ChaosRound) => void;
  /** A round failed and nothing is healed yet. */
  readonly onEvidence: (round: number, plan: Plan, files: readonly EvidenceFile[]) => void;
}

/** A round as it went. */
export interface ChaosRound {
  readonly round: number;
  readonly plan: Plan;
  /** Not that of the record: single faults without effect are in the order of things here. */
  readonly verdict: Verdict;
  readonly record: RunRecord;
  /** False if something was left of its faults. */
  readonly isHealed: boolean;
}

/** A kind of fault over all rounds. */
export interface KindTally {
  readonly kind: string;
  readonly injected: number;
  readonly effective: number;
}

export interface ChaosCampaign {
  /** How it came to its end; `stopped` at a violation, `failed` by the harness. */
  readonly status: "completed" | "stopped" | "failed" | "interrupted";
  readonly verdict: Verdict;
  readonly rounds: readonly ChaosRound[];
  /** By kind, those that were planned and never struck included. */
  readonly faults: readonly KindTally[];
  readonly recovery: RecoveryTimes;
  /** Why the end does not count as healed; "" if it does. */
  readonly unhealed: string;
  readonly wallMs: number;
}

/** After so many rounds in a row that the harness could not run, it gives up. */
const ERRORS_MAX = 3;

/** Rounds until the time is over, the first violation, or an interrupt. Rejects for nothing but our own mistakes. */
export async function chaosCampaign(options: ChaosCampaignOptions): Promise<ChaosCampaign> {
  const { limitMs, roundsMax, interrupt, nowMs, onRound, runner } = options;
  const startMs = nowMs();
  const rounds: ChaosRound[] = [];
  let status: ChaosCampaign["status"] = "completed";
  for (let number = 1; number <= roundsMax && nowMs() - startMs < limitMs; number++) {
    if (interrupt.aborted) break;
    const round = await runRound(number, options);
    rounds.push(round);
    onRound(round);
    if (round.verdict === "FAIL") status = "stopped";
    const last = rounds.slice(-ERRORS_MAX);
    if (last.length === ERRORS_MAX && last.every(({ verdict }) => verdict === "ERROR")) status = "failed";
    if (status !== "completed") break;
  }
  if (interrupt.aborted && status === "completed") status = "interrupted";
  let unhealed = rounds
    .filter(({ isHealed }) => !isHealed)
    .map(({ round, record }) => `round ${round}: ${record.failures.at(-1)?.message ?? ""}`)
    .join("; ");
  await runner.close().catch((error: unknown) => {
    unhealed = [unhealed, textOf(error)].filter((text) => text !== "").join("; ");
  });
  const faults = tally(rounds);
  return {
    status,
    verdict: verdictOf(rounds, faults, unhealed, interrupt.aborted),
    rounds,
    faults,
    recovery: recoveryOf(rounds),
    unhealed,
    wallMs: nowMs() - startMs,
  };
}

async function runRound(round: number, options: ChaosCampaignOptions): Promise<ChaosRound> {
  const { planOf, tokenOf, runner, seed, interrupt, onEvidence, nowMs } = options;
  const plan = planOf(round);
  const id = `chaos/seed-${seed}/round-${round}`;
  const replay = tokenOf(id, plan);
  const startMs = nowMs();
  try {
    const record = await runner.run(plan, {
      id,
      seed,
      replay,
      interrupt,
      onEvidence: (files) => onEvidence(round, plan, files),
    });
    return { round, plan, verdict: verdictOfRound(record), record, isHealed: !record.failures.some(isLeft) };
  } catch (error) {
    const head = {
      scenario: plan.name,
      id,
      requirements: plan.requirements,
      world: "containers",
      seed,
      replay,
    } as const;
    const record = unjudgedRecord(head, "ERROR", { rule: "harness", message: textOf(error) }, nowMs() - startMs);
    return { round, plan, verdict: interrupt.aborted ? "UNKNOWN" : "ERROR", record, isHealed: !isNotHealed(error) };
  }
}

/** A fault that did nothing makes no round undecided: what strikes at random moments may come too late. */
function verdictOfRound({ verdict, vacuous, failures, oracles }: RunRecord): Verdict {
  const isVacuousOnly = verdict === "UNKNOWN" && vacuous && failures.length === 0 && oracles.length === 0;
  return isVacuousOnly ? "PASS" : verdict;
}

function isNotHealed(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "NOT_HEALED";
}

/** The proof of heal ends in the record, beside whatever else went wrong. */
function isLeft({ rule, message }: Failure): boolean {
  return rule === "harness" && message.includes("NOT_HEALED");
}

function tally(rounds: readonly ChaosRound[]): KindTally[] {
  const byKind = new Map<string, { injected: number; effective: number }>();
  for (const { kind, injected, effective } of rounds.flatMap(({ record }) => record.faults)) {
    const sum = byKind.get(kind) ?? { injected: 0, effective: 0 };
    byKind.set(kind, { injected: sum.injected + injected, effective: sum.effective + effective });
  }
  const kinds = [...byKind.keys()].sort();
  return kinds.map((kind) => ({ kind, ...(byKind.get(kind) ?? { injected: 0, effective: 0 }) }));
}

/** Nothing run, nothing that took effect, and half of it are no pass; nor is a world that is not healed. */
function verdictOf(
  rounds: readonly ChaosRound[],
  faults: readonly KindTally[],
  unhealed: string,
  isInterrupted: boolean,
): Verdict {
  const verdicts: Verdict[] = rounds.map(({ verdict }) => verdict);
  if (unhealed !== "") verdicts.push("ERROR");
  if (isInterrupted || faults.every(({ effective }) => effective === 0)) verdicts.push("UNKNOWN");
  return mergeVerdicts(verdicts);
}

function recoveryOf(rounds: readonly ChaosRound[]): RecoveryTimes {
  const all = rounds.flatMap(({ record }) => record.recovery ?? []);
  const sum = (of: (times: RecoveryTimes) => number): number => all.reduce((total, times) => total + of(times), 0);
  return {
    hostRequests: sum(({ hostRequests }) => hostRequests),
    hostRequestsDone: sum(({ hostRequestsDone }) => hostRequestsDone),
    hostOutagesMs: all.flatMap(({ hostOutagesMs }) => hostOutagesMs),
    apartMs: all.flatMap(({ apartMs }) => apartMs),
    resyncsMs: all.flatMap(({ resyncsMs }) => resyncsMs),
    samples: all.flatMap(({ samples }) => samples),
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
