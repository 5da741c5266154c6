import type { Gauge, OpenMetricsContentType } from "prom-client";
import type { CampaignSummary } from "../harness/history/campaign-summary.ts";
import { VERDICTS } from "../harness/history/run-record.ts";

/**
 * A campaign as an OpenMetrics text file, for a collector that reads files or a gateway that is pushed to. All are gauges: a file tells of
 * one campaign, whatever it told before.
 *
 * @see https://github.com/prometheus/OpenMetrics, version 1.0.0
 */
export async function openMetrics(summary: CampaignSummary): Promise<string> {
  // Loaded where it is used: it would take a fifth of the time that `list` does.
  const { Gauge: NewGauge, Registry } = await import("prom-client");
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> =>
    new NewGauge({ name: `resilver_${name}`, help, labelNames, registers: [registry] });
  const { version, engine, command, verdict, isComplete, runs, faults, invariants } = summary;
  gauge("build_info", "What was run, and by which command; always 1", "version", "engine", "command").set(
    { version, engine, command },
    1,
  );
  gauge("campaign_start_time_seconds", "When the campaign began, in Unix time").set(Date.parse(summary.date) / 1000);
  gauge("campaign_passed", "1 if every run that was planned ran and passed, else 0").set(
    Number(verdict === "PASS" && isComplete),
  );
  gauge("campaign_complete", "1 if every run that was planned ran, else 0").set(Number(isComplete));
  const byVerdict = gauge("runs", "Runs by verdict", "verdict");
  for (const one of VERDICTS) byVerdict.set({ verdict: one }, runs[one] ?? 0);
  gauge("failure_groups", "Distinct ways in which runs failed").set(summary.failureGroups);
  gauge("events", "Events of all runs").set(summary.events);
  gauge("wall_seconds", "Real time that the campaign took").set(summary.wallMs / 1000);
  gauge("virtual_seconds", "Virtual time of all runs together").set(summary.virtualMs / 1000);
  const injected = gauge("faults_injected", "Injections of a kind of faults", "kind");
  const effective = gauge("faults_effective", "Injections that were seen to have an effect", "kind");
  for (const fault of faults) {
    injected.set({ kind: fault.kind }, fault.injected);
    effective.set({ kind: fault.kind }, fault.effective);
  }
  const checks = gauge("invariant_checks", "How often an invariant was evaluated", "invariant");
  const broken = gauge("invariant_broken_runs", "Runs that did not pass in which it was broken", "invariant");
  for (const { invariant, ...counts } of invariants) {
    checks.set({ invariant }, counts.checks);
    broken.set({ invariant }, counts.broken);
  }
  return registry.metrics();
}
