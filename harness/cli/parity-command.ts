import { availableParallelism, loadavg } from "node:os";
import Table from "cli-table3";
import type { FaultRecord, RunRecord } from "../history/run-record.ts";
import { REALISATIONS, type Realisation } from "../world/containers/realisation.ts";
import { plannedRun, startOf } from "./campaign-start.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { EXIT } from "./exit-code.ts";
import { OutDirectory } from "./out-directory.ts";
import { type RunOptions, taskOf } from "./run-command.ts";
import { runRecorded } from "./run-recorded.ts";
import { loadAll } from "./scenario-files.ts";
import { selectScenarios } from "./select-scenarios.ts";
import { withContainers } from "./with-containers.ts";

/** A fault of a plan, in both worlds. */
interface FaultParity extends Realisation {
  readonly kind: string;
  readonly on: string;
  /** Times it struck, and had an effect. */
  readonly sim: Pick<FaultRecord, "injected" | "effective">;
  readonly containers: Pick<FaultRecord, "injected" | "effective">;
}

/** A scenario in both worlds. */
interface ScenarioParity {
  readonly id: string;
  readonly sim: RunRecord["verdict"];
  readonly containers: RunRecord["verdict"];
  /** True also if it was not run on containers; then `why` says why. */
  readonly agrees: boolean;
  readonly why: string;
  /** Real time on containers beyond the virtual time of the simulated run; 0 if it was not run on containers. */
  readonly overheadMs: number;
  /** Expectations that were not judged on containers, and why. */
  readonly unjudged: readonly string[];
  readonly faults: readonly FaultParity[];
}

/**
 * Runs scenarios in both worlds, and prints for each fault whether it was realised and effective, and whether the
 * verdicts agree (HX-3).
 *
 * @returns the exit code: that of a failure if they disagree anywhere
 */
export async function parityCommand(
  parts: CommandLineParts,
  patterns: readonly string[],
  options: RunOptions,
): Promise<number> {
  const entries = selectScenarios(await loadAll(parts.scenarios), patterns);
  const digest = engineDigest(parts.engineFolder);
  const head = { seed: options.seed, repeat: false };
  const run = (world: RunRecord["world"], workerCount: number): Promise<readonly RunRecord[]> => {
    const tasks = entries.map((entry) => taskOf(entry, { ...head, world }, digest, false));
    const out = new OutDirectory(`${options.out}/${world}`);
    out.start(startOf(parts, "parity", { kind: "runs", runs: tasks.map(plannedRun) }));
    return runRecorded(parts, tasks, out, { workerCount, timeoutMs: options.timeoutMs });
  };
  const sim = await run("sim", 2);
  const containers = await withContainers(() => run("containers", 1));
  const scenarios = sim.map((record, index) => compare(record, containers[index]));
  const disagreeing = scenarios.filter(({ agrees }) => !agrees).length;
  if (options.json) parts.terminal.out(`${JSON.stringify({ schemaVersion: 1, scenarios, disagreeing }, null, 2)}\n`);
  else parts.terminal.out(report(scenarios, disagreeing));
  if (parts.interrupt.aborted) return EXIT.interrupted;
  return disagreeing === 0 ? EXIT.pass : EXIT.failures;
}

function compare(sim: RunRecord, containers: RunRecord | undefined): ScenarioParity {
  if (containers === undefined) throw new Error(`no record of ${sim.id} in containers`);
  // One that containers cannot have, or that an interrupt kept from being run, says nothing.
  const isSilent = containers.verdict === "NOT_APPLICABLE" || containers.verdict === "SKIPPED";
  const agrees = isSilent || containers.verdict === sim.verdict;
  const why = isSilent || !agrees ? (containers.failures[0]?.message ?? "") : "";
  const faults = sim.faults.map(({ kind, on, injected, effective }): FaultParity => {
    const there = containers.faults.find((fault) => fault.kind === kind && fault.on === on);
    return {
      kind,
      on,
      ...REALISATIONS[kind as keyof typeof REALISATIONS],
      sim: { injected, effective },
      containers: { injected: there?.injected ?? 0, effective: there?.effective ?? 0 },
    };
  });
  const overheadMs = isSilent ? 0 : Math.max(0, Math.round(containers.wallMs - sim.virtualMs));
  const { unjudged = [] } = containers;
  return { id: sim.id, sim: sim.verdict, containers: containers.verdict, agrees, why, overheadMs, unjudged, faults };
}

function report(scenarios: readonly ScenarioParity[], disagreeing: number): string {
  const table = new Table({
    head: ["scenario", "sim", "containers", "overhead", "faults: effective of injected, sim / containers"],
    style: { head: [], border: [], compact: true },
    colWidths: [48, 8, 16, 10, 64],
    wordWrap: true,
  });
  for (const { id, sim, containers, agrees, why, overheadMs, unjudged, faults } of scenarios) {
    const lines = faults.map(
      ({ kind, on, how, sim: here, containers: there }) =>
        `${kind} ${on}: ${how}, ${here.effective} of ${here.injected} / ${there.effective} of ${there.injected}`,
    );
    const told = [...lines, ...unjudged.map((one) => `not judged: ${one}`)];
    if (why !== "") told.push(why.split("\n")[0] ?? "");
    const overhead = overheadMs === 0 ? "" : `${(overheadMs / 1000).toFixed(1)} s`;
    table.push([id, sim, agrees ? containers : `${containers} !`, overhead, told.join("\n")]);
  }
  const count = (verdict: string): number => scenarios.filter(({ containers }) => containers === verdict).length;
  const [impossible, skipped] = [count("NOT_APPLICABLE"), count("SKIPPED")];
  const both = scenarios.length - impossible - skipped;
  const word = disagreeing === 0 ? "all agree" : `${disagreeing} disagree`;
  const rest = `${impossible} cannot be run on containers${skipped === 0 ? "" : `; ${skipped} not run`}`;
  const partial = scenarios.filter(({ unjudged }) => unjudged.length > 0).length;
  const parts = partial === 0 ? "" : `not all expectations judged on containers: ${partial}\n`;
  return `${table.toString()}\n${both} scenarios in both worlds: ${word}; ${rest}\n${reasonsOf(scenarios)}${parts}${overheadOf(scenarios)}`;
}

/** Why scenarios were not run on containers, and how many each. */
function reasonsOf(scenarios: readonly ScenarioParity[]): string {
  const counts = new Map<string, number>();
  for (const { containers, why } of scenarios) {
    if (containers !== "NOT_APPLICABLE") continue;
    for (const reason of why.split("; ")) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `  ${count} of them: ${reason}\n`).join("");
}

/** What the world of containers costs, beside the time that a scenario takes by itself. */
function overheadOf(scenarios: readonly ScenarioParity[]): string {
  const all = scenarios.map(({ overheadMs }) => overheadMs).filter((overheadMs) => overheadMs > 0);
  if (all.length === 0) return "";
  const sorted = all.toSorted((a, b) => a - b);
  const seconds = (ms = 0): string => `${(ms / 1000).toFixed(1)} s`;
  const half = seconds(sorted[Math.floor(sorted.length / 2)]);
  const load = loadavg()[1] ?? 0;
  return (
    `overhead on containers beyond virtual time: half of them within ${half}, all within ${seconds(sorted.at(-1))}; ` +
    `${availableParallelism()} processors, of which all programs of this machine kept ${load.toFixed(1)} busy\n`
  );
}
