/** What one runtime made of one scenario. */
export interface PortabilityRun {
  /** As in `scenarios/`, without `.ts`. */
  readonly id: string;
  readonly verdict: string;
  /** 16 hexadecimal digits; empty if nothing ran. */
  readonly historyHash: string;
  readonly events: number;
}

/** What came of one runtime: the runs, or why there are none. */
export interface RuntimeResult {
  /** Version of Node.js, `24.21.0`. */
  readonly version: string;
  /** True if the answer does not need this one. */
  readonly optional: boolean;
  readonly runs: readonly PortabilityRun[];
  /** Why the runtime could not be had, or gave no results; "" if it did. */
  readonly missing: string;
}

/** The answer: the verdict, and one line for everything that keeps it from being `equal`. */
export interface PortabilityVerdict {
  readonly outcome: "equal" | "different" | "unknown";
  readonly findings: readonly string[];
}

/**
 * Compares every scenario over all runtimes. A scenario is equal if every runtime that is there has the same history
 * hash, number of events and verdict for it. One that ran nowhere, or a runtime that is missing and not optional, makes
 * the answer `unknown`; so do fewer than two runtimes. `different` outweighs `unknown`.
 *
 * @param ids the scenarios that were asked for
 */
export function judgePortability(ids: readonly string[], results: readonly RuntimeResult[]): PortabilityVerdict {
  const differences: string[] = [];
  const gaps: string[] = [];
  const notes: string[] = [];
  const present = results.filter(({ missing }) => missing === "");
  for (const { version, optional, missing } of results)
    if (missing !== "") (optional ? notes : gaps).push(`Node.js ${version}: ${missing}`);
  if (present.length < 2) gaps.push(`${present.length} of ${results.length} runtimes: nothing to compare with`);
  if (ids.length === 0) gaps.push("no scenario was asked for");

  for (const id of ids) {
    const cells = present.map(({ version, runs }) => ({ version, run: runs.find((run) => run.id === id) }));
    for (const { version, run } of cells)
      if (run === undefined || run.historyHash === "") gaps.push(`${id}: did not run on ${version}`);
    const ran = cells.filter(({ run }) => run !== undefined && run.historyHash !== "");
    const texts = ran.map(({ run }) => textOf(run));
    if (new Set(texts).size > 1)
      differences.push(`${id}: ${ran.map(({ version }, index) => `${version} has ${texts[index]}`).join("; ")}`);
  }
  const outcome = differences.length > 0 ? "different" : gaps.length > 0 ? "unknown" : "equal";
  return { outcome, findings: [...differences, ...gaps, ...notes] };
}

/** One line a scenario, one column a runtime: the first digits of the hash; marked where it is not the first one's. */
export function portabilityTable(ids: readonly string[], results: readonly RuntimeResult[]): string {
  const idWidth = Math.max("scenario".length, ...ids.map((id) => id.length));
  const row = (first: string, cells: readonly string[]): string =>
    `${first.padEnd(idWidth)}${cells.map((cell) => `  ${cell.padEnd(9)}`).join("")}`.trimEnd();
  const lines = [
    row(
      "scenario",
      results.map(({ version }) => version),
    ),
  ];
  for (const id of ids) {
    const found = results.map(({ missing, runs }) => (missing === "" ? runs.find((run) => run.id === id) : undefined));
    const reference = found.find((run) => run !== undefined && run.historyHash !== "");
    lines.push(
      row(
        id,
        found.map((run, index) => {
          if (run === undefined || run.historyHash === "") return results[index]?.missing === "" ? "none" : "missing";
          return `${run.historyHash.slice(0, 8)}${textOf(run) === textOf(reference) ? "" : "!"}`;
        }),
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

function textOf(run: PortabilityRun | undefined): string {
  return run === undefined ? "nothing" : `${run.historyHash}, ${run.events} events, ${run.verdict}`;
}
