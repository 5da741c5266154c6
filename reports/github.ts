import type { RunRecord, Verdict } from "../harness/history/run-record.ts";
import { failureTitle, idleFaults } from "./failure-text.ts";

/** One thing that is not in order. */
export interface Problem {
  /** `link-suspension/slow-link, seed 7: FAIL`. */
  readonly title: string;
  readonly message: string;
  /** The whole command that runs it again. */
  readonly replay: string;
}

/** What GitHub shows of a job on its own pages. */
export interface JobReport {
  readonly verdict: Verdict;
  /** `128 runs: 127 PASS, 1 FAIL`. */
  readonly totals: string;
  readonly problems: readonly Problem[];
}

/** GitHub shows ten a step, and drops the rest in silence. */
const ANNOTATIONS_MAX = 10;
/** An annotation is cut at 4 KiB. */
const MESSAGE_LENGTH_MAX = 2_000;
/** A summary above 1 MiB is refused; a character may take four bytes. */
const SUMMARY_LENGTH_MAX = 240_000;

const GOOD: ReadonlySet<Verdict> = new Set(["PASS", "NOT_APPLICABLE", "WAIVED", "SKIPPED"]);

/** The report of runs; `replayCommand` gives the command that runs a token again. */
export function jobReport(
  runs: readonly RunRecord[],
  verdict: Verdict,
  replayCommand: (token: string) => string,
): JobReport {
  const counts = new Map<Verdict, number>();
  for (const run of runs) counts.set(run.verdict, (counts.get(run.verdict) ?? 0) + 1);
  const parts = [...counts].map(([name, count]) => `${count} ${name}`);
  return {
    verdict,
    totals: `${runs.length} ${runs.length === 1 ? "run" : "runs"}: ${parts.join(", ")}`,
    problems: runs.filter((run) => !GOOD.has(run.verdict)).map((run) => problemOf(run, replayCommand(run.replay))),
  };
}

function problemOf(run: RunRecord, replay: string): Problem {
  const said = run.failures.map(failureTitle);
  if (run.vacuous) said.push(`no effect was seen of ${idleFaults(run)}`);
  return { title: `${run.id}, seed ${run.seed}: ${run.verdict}`, message: said.join("\n"), replay };
}

/** The lines and the Markdown of {@link githubAnnotations} and {@link githubSummary}. */
export function github(report: JobReport): { readonly annotations: string; readonly summary: string } {
  return { annotations: githubAnnotations(report), summary: githubSummary(report) };
}

/**
 * Lines that GitHub's runner takes for annotations, wherever a step writes them: at most ten, the last of which then counts
 * what is left out. Empty if all is in order.
 */
export function githubAnnotations({ problems }: JobReport): string {
  const isMore = problems.length > ANNOTATIONS_MAX;
  const shown = problems.slice(0, isMore ? ANNOTATIONS_MAX - 1 : ANNOTATIONS_MAX);
  const lines = shown.map(({ title, message, replay }) =>
    annotation(title, `${clip(message)}\nreplay with: ${replay}`),
  );
  if (isMore) lines.push(annotation("resilver", `${problems.length - shown.length} more: see the summary of the job`));
  return lines.map((line) => `${line}\n`).join("");
}

/** Markdown for the summary of a job: the verdict, then each problem with its replay command. */
export function githubSummary({ verdict, totals, problems }: JobReport): string {
  let text = `### resilver: ${verdict}\n\n${cell(totals)}\n`;
  for (const [index, { title, message, replay }] of problems.entries()) {
    const block = `\n**${cell(title)}**\n\n${fenced(clip(message))}\n\n${fenced(replay)}\n`;
    if (text.length + block.length > SUMMARY_LENGTH_MAX) return `${text}\nand ${problems.length - index} more\n`;
    text += block;
  }
  return text;
}

function annotation(title: string, message: string): string {
  return `::error title=${escaped(title).replaceAll(":", "%3A").replaceAll(",", "%2C")}::${escaped(message)}`;
}

/** As the runner undoes it. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function clip(text: string): string {
  return text.length <= MESSAGE_LENGTH_MAX ? text : `${text.slice(0, MESSAGE_LENGTH_MAX)}…`;
}

/** One line, without a meaning in Markdown. */
function cell(text: string): string {
  return text.replaceAll(/\s+/gu, " ").replaceAll(/[\\`*_<>[\]#|]/gu, "\\$&");
}

/** In a fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
