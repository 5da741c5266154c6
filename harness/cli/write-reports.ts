import type { RunRecord } from "../history/run-record.ts";
import { CampaignFolder } from "./campaign-folder.ts";
import { summaryOf } from "./campaign-summary.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import type { OutDirectory } from "./out-directory.ts";
import { tryWritePage } from "./write-page.ts";

/**
 * Writes what other programs and people read of a campaign that has ended: `junit.xml`, `ctrf.json`, `metrics.txt`, and the page.
 *
 * @param cases what is one case each for CI systems
 * @returns the path of the page; `undefined` if there is none
 */
export async function writeReports(
  parts: CommandLineParts,
  out: OutDirectory,
  cases: readonly RunRecord[],
  wallMs: number,
): Promise<string | undefined> {
  const { reports, calledAs, version } = parts;
  const campaign = new CampaignFolder(out.path);
  const { startedAt, planned } = campaign.start;
  // All runs of a hunt together have no token.
  const again = planned.kind === "seeds" ? `hunt --seeds ${planned.seeds.from}..${planned.seeds.to}` : planned.kind;
  const replayCommand = (token: string): string => `${calledAs} ${token === "" ? again : `replay ${token}`}`;
  out.report("junit.xml", reports.junitXml(cases, { replayCommand }));
  const ctrf = reports.ctrfReport(cases, { version, startedAt, wallMs, replayCommand });
  out.report("ctrf.json", `${JSON.stringify(ctrf, null, 2)}\n`);
  out.report("metrics.txt", await reports.openMetrics(summaryOf(campaign)));
  return tryWritePage(parts, out.path);
}
