import { type RunRecord, VERDICTS, type Verdict } from "../harness/history/run-record.ts";
import { consoleTable } from "./console-table.ts";
import { failureText } from "./failure-text.ts";
import { type Paint, painter, verdictStyle } from "./paint.ts";

export interface ConsoleReportOptions {
  /** Width of the terminal in characters. */
  readonly columns: number;
  readonly colour: boolean;
  /** The command that runs a token again. */
  readonly replayCommand: (token: string) => string;
  /** Of all runs together. */
  readonly verdict: Verdict;
  /** Real time that all runs took together. */
  readonly wallMs: number;
}

const GOOD: ReadonlySet<Verdict> = new Set(["PASS", "NOT_APPLICABLE", "WAIVED"]);

/** More runs that are in order than this have their tokens in the records only: so many lines bury the table. */
const REPLAYS_MAX = 12;

/**
 * What a person reads at the end of `run` and `start`: how to repeat each run, the table, what
 * failed, one line of totals. What matters most comes last, where the eye is.
 */
export function consoleReport(runs: readonly RunRecord[], options: ConsoleReportOptions): string {
  const paint = painter(options.colour);
  const good = runs.filter((run) => GOOD.has(run.verdict));
  const parts: string[] = [];
  if (good.length > 0 && good.length <= REPLAYS_MAX)
    parts.push(good.map((run) => replayLines(run, options, paint)).join("\n"));
  parts.push(consoleTable(runs, options.columns, paint));
  for (const run of runs) if (!good.includes(run)) parts.push(paintFailure(run, options, paint));
  if (good.length > REPLAYS_MAX) {
    const example = options.replayCommand("TOKEN");
    parts.push(
      paint("dim", `replay one of the ${good.length} good runs with: ${example}; the tokens are in the records`),
    );
  }
  parts.push(summaryLine(runs, options, paint));
  return `${parts.join("\n\n")}\n`;
}

/** Seed and replay command of one run that is in order. */
function replayLines(run: RunRecord, options: ConsoleReportOptions, paint: Paint): string {
  return `${run.id}  seed ${run.seed}\n${paint("dim", `  replay with: ${options.replayCommand(run.replay)}`)}`;
}

function paintFailure(run: RunRecord, options: ConsoleReportOptions, paint: Paint): string {
  const [replay = "", title = "", ...rest] = failureText(run, options.replayCommand(run.replay)).split("\n");
  return [paint("bold", replay), paint(verdictStyle(run.verdict), title), ...rest].join("\n");
}

function summaryLine(runs: readonly RunRecord[], options: ConsoleReportOptions, paint: Paint): string {
  const counts = new Map<Verdict, number>();
  for (const run of runs) counts.set(run.verdict, (counts.get(run.verdict) ?? 0) + 1);
  const parts = VERDICTS.filter((verdict) => counts.has(verdict)).map((verdict) =>
    paint(verdictStyle(verdict), `${counts.get(verdict) ?? 0} ${verdict}`),
  );
  const vacuous = runs.filter((run) => run.vacuous).length;
  if (vacuous > 0) parts.push(paint("yellow", `${vacuous} vacuous`));
  const plural = runs.length === 1 ? "run" : "runs";
  const verdict = paint("bold", paint(verdictStyle(options.verdict), options.verdict));
  return `${verdict}  ${runs.length} ${plural}: ${parts.join(", ")}  in ${(options.wallMs / 1000).toFixed(1)} s`;
}
