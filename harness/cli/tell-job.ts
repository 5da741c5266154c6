import { appendFileSync } from "node:fs";
import type { CommandLineParts, JobReport } from "./command-line-parts.ts";

/** Shows a campaign on the pages of the CI job that it runs in; elsewhere nothing happens. */
export function tellJob(
  { github, reports, terminal }: Pick<CommandLineParts, "github" | "reports" | "terminal">,
  report: JobReport,
): void {
  if (github === undefined) return;
  const { annotations, summary } = reports.github(report);
  // The runner reads both streams, and standard output may be a document.
  terminal.err(annotations);
  if (github.summaryPath !== undefined) appendFileSync(github.summaryPath, `${summary}\n`);
}
