import { describeTopology } from "../hunt/chaos-plan.ts";
import type { ChaosCampaign, ChaosRound, KindTally } from "./chaos-campaign.ts";

/** One line a round, as it ends. */
export function roundLine({ round, plan, verdict, record }: ChaosRound): string {
  const { injected, effective } = sumOf(record.faults);
  const checks = Object.values(record.checks).reduce((sum, count) => sum + count, 0);
  const seconds = `${(record.wallMs / 1000).toFixed(1)} s`;
  const parts = [
    `round ${String(round).padStart(3)}`,
    verdict.padEnd(7),
    seconds.padStart(7),
    `faults ${effective}/${injected}`.padEnd(12),
    `checks ${checks}`.padEnd(15),
    describeTopology(plan.topology),
  ];
  return `${parts.join("  ")}\n`;
}

export interface ChaosSummaryOptions {
  readonly seed: number;
  readonly out: string;
  /** Runs the round that failed again: on containers, and simulated. None if none failed. */
  readonly replay: readonly string[];
  /** Files about the round that failed. */
  readonly evidence: readonly string[];
}

/** What the campaign came to; what to do about a failure comes first (rule 12). */
export function chaosSummary(campaign: ChaosCampaign, { seed, out, replay, evidence }: ChaosSummaryOptions): string {
  const { rounds, faults, recovery, unhealed, verdict, status, wallMs } = campaign;
  const bad = rounds.filter((round) => round.verdict !== "PASS");
  const lines: string[] = [];
  for (const { round, verdict: word, record } of bad) {
    lines.push("");
    if (word === "FAIL") for (const command of replay) lines.push(`again: ${command}`);
    lines.push(`round ${round}: ${word}`);
    for (const { rule, message, timeNs } of record.failures.slice(0, 8))
      lines.push(`  ${rule} at ${(timeNs / 1e9).toFixed(3)} s: ${message}`);
    if (word === "FAIL" && evidence.length > 0) lines.push(`  ${evidence.length} files about it in ${out}/violation/`);
  }
  const { injected, effective } = sumOf(faults);
  const without = faults.filter((kind) => kind.effective === 0).map(({ kind }) => kind);
  const width = Math.max(4, ...faults.map(({ kind }) => kind.length));
  lines.push("", `${"fault".padEnd(width)}  injected  effective`);
  for (const kind of faults)
    lines.push(
      `${kind.kind.padEnd(width)}  ${String(kind.injected).padStart(8)}  ${String(kind.effective).padStart(9)}`,
    );
  lines.push(
    "",
    `rounds       ${rounds.length}, ${rounds.filter((round) => round.verdict === "PASS").length} passed`,
    `faults       ${injected} injected, ${effective} effective${without.length === 0 ? "" : `; never effective: ${without.join(", ")}`}`,
    `hosts        ${recovery.hostRequests} requests, ${recovery.hostRequestsDone} done`,
    `outages      ${timesLine(recovery.hostOutagesMs)}`,
    `apart        ${timesLine(recovery.apartMs)}`,
    `resyncs      ${timesLine(recovery.resyncsMs)}`,
    `healed       ${healedLine(campaign)}`,
    `${verdict}  chaos, seed ${seed}: ${status} after ${(wallMs / 60_000).toFixed(1)} min; records in ${out}/`,
  );
  if (unhealed === "" && effective === 0) lines.push("no fault took effect: nothing was tested");
  return `${lines.join("\n")}\n`;
}

function healedLine({ rounds, unhealed }: ChaosCampaign): string {
  if (unhealed !== "") return `NO: ${unhealed}`;
  if (rounds.length === 0) return "nothing was run";
  return `proven ${rounds.length} times, and at the end: no toxic, disabled proxy, paused or ended container, nothing left`;
}

/** `12 times, median 240 ms, max 5310 ms`. */
function timesLine(timesMs: readonly number[]): string {
  if (timesMs.length === 0) return "none";
  const { medianMs, maxMs } = spread(timesMs);
  return `${timesMs.length} times, median ${medianMs} ms, max ${maxMs} ms`;
}

/** Of some times: not for none. */
export function spread(timesMs: readonly number[]): { readonly medianMs: number; readonly maxMs: number } {
  const sorted = timesMs.toSorted((left, right) => left - right);
  return { medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, maxMs: sorted.at(-1) ?? 0 };
}

function sumOf(
  faults: readonly Pick<KindTally, "injected" | "effective">[],
): Pick<KindTally, "injected" | "effective"> {
  return faults.reduce(
    (sum, { injected, effective }) => ({
      injected: sum.injected + injected,
      effective: sum.effective + effective,
    }),
    { injected: 0, effective: 0 },
  );
}
