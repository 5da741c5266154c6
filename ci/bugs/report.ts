import Table from "cli-table3";
import type { BugResult, HuntOptions } from "./hunt-bugs.ts";
import type { BugWithoutMechanism } from "./without-mechanism.ts";

export function bugTable(results: readonly BugResult[]): string {
  const head = ["#", "mechanism", "found", "by", "expected", "seeds", "seconds"];
  const table = new Table({ head, style: { head: [], border: [] }, colWidths: [null, 44], wordWrap: true });
  for (const { bug, isFound, found, rules, startsAsExpected, medianSeeds, medianSeconds } of results) {
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
    ]);
  }
  return `${table.toString()}\n${sum(results)}\n`;
}

function sum(results: readonly BugResult[]): string {
  const seconds = results.map(({ medianSeconds }) => medianSeconds).sort((a, b) => a - b);
  const found = results.filter(({ isFound }) => isFound).length;
  const middle = finite(seconds[Math.floor((seconds.length - 1) / 2)] ?? Infinity, 1);
  const lines = [
    `${found} of ${results.length} planted bugs found; median ${middle} s, at most ${finite(seconds.at(-1) ?? Infinity, 1)} s`,
  ];
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
  { starts, seconds, seed, workers }: Omit<HuntOptions, "onResult">,
  without: readonly BugWithoutMechanism[],
): unknown {
  const number = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    schemaVersion: 1,
    starts,
    secondsMax: seconds,
    firstSeed: seed,
    workers,
    bugs: results.map(({ bug, medianSeeds, medianSeconds, medianCpuSeconds, ...result }) => ({
      number: bug.number,
      mechanism: bug.mechanism,
      source: bug.source,
      here: bug.here,
      patch: bug.file,
      expected: bug.expected,
      ...result,
      medianSeeds: number(medianSeeds),
      medianSeconds: number(medianSeconds),
      medianCpuSeconds: number(medianCpuSeconds),
    })),
    withoutMechanism: without,
  };
}
