import Table from "cli-table3";
import { type BugResult, type HuntOptions, median } from "./hunt-bugs.ts";
import type { BugWithoutMechanism } from "./without-mechanism.ts";

export function bugTable(results: readonly BugResult[]): string {
  const head = ["#", "mechanism", "found", "by", "expected", "seeds", "seconds", "steps", "faults", "shrunk in"];
  const table = new Table({ head, style: { head: [], border: [] }, colWidths: [null, 44], wordWrap: true });
  for (const { bug, isFound, found, rules, startsAsExpected, medianSeeds, medianSeconds, small } of results) {
    const expected = `${bug.expected.join(" ")}: ${startsAsExpected} of ${found.length}`;
    const seconds = finite(medianSeconds, 1);
    table.push([
      bug.number,
      bug.mechanism,
      isFound ? "yes" : "NO",
      rules.join(" "),
      expected,
      finite(medianSeeds, 0),
      seconds,
      small === undefined ? "-" : `${small.steps}${small.isSmallest ? "" : " or fewer"}`,
      small?.faults ?? "-",
      small === undefined ? "-" : `${(small.ms / 1000).toFixed(1)} s`,
    ]);
  }
  return `${table.toString()}\n${sum(results)}\n`;
}

function sum(results: readonly BugResult[]): string {
  const seconds = results.map(({ medianSeconds }) => medianSeconds);
  const found = results.filter(({ isFound }) => isFound).length;
  const lines = [
    `${found} of ${results.length} planted bugs found; median ${finite(median(seconds.length, seconds), 1)} s, at most ${finite(Math.max(...seconds), 1)} s`,
  ];
  const small = results.flatMap((result) => result.small ?? []);
  const middle = (of: readonly number[], digits: number): string => finite(median(of.length, of), digits);
  if (small.length > 0) {
    const steps = middle(
      small.map((one) => one.steps),
      0,
    );
    const faults = middle(
      small.map((one) => one.faults),
      0,
    );
    const ms = small.map((one) => one.ms);
    const times = `median ${(median(ms.length, ms) / 1000).toFixed(1)} s, at most ${(Math.max(...ms) / 1000).toFixed(1)} s`;
    lines.push(`made small: median ${steps} steps, ${faults} faults; ${times}`);
  }
  for (const { bug, trouble } of results) if (trouble !== "") lines.push(`${bug.number}: ${trouble}`);
  const falseAlarms = [...new Set(results.flatMap((result) => result.falseAlarms))].sort((a, b) => a - b);
  if (falseAlarms.length > 0)
    lines.push(`plans that fail on the engine as it is, too, of seeds ${falseAlarms.join(" ")}`);
  return lines.join("\n");
}

function finite(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "-";
}

/** What `--json` prints. */
export function document(
  results: readonly BugResult[],
  { starts, seconds, shrinkSeconds, seed, workers }: Omit<HuntOptions, "onResult">,
  without: readonly BugWithoutMechanism[],
): unknown {
  const number = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    schemaVersion: 2,
    starts,
    secondsMax: seconds,
    shrinkSecondsMax: shrinkSeconds,
    firstSeed: seed,
    workers,
    bugs: results.map(({ bug, medianSeeds, medianSeconds, medianCpuSeconds, small = null, ...result }) => ({
      number: bug.number,
      mechanism: bug.mechanism,
      source: bug.source,
      here: bug.here,
      patch: bug.file,
      expected: bug.expected,
      ...result,
      found: result.found.map((one) => ({ ...one, small: undefined })),
      small,
      medianSeeds: number(medianSeeds),
      medianSeconds: number(medianSeconds),
      medianCpuSeconds: number(medianCpuSeconds),
    })),
    withoutMechanism: without,
  };
}
