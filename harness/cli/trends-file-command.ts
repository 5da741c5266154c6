import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { CampaignSummary } from "../history/campaign-summary.ts";
import { trendSchema } from "./campaign-files.ts";
import { CampaignFolder } from "./campaign-folder.ts";
import { summaryOf } from "./campaign-summary.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { linesOf } from "./json-lines.ts";
import { replaceFile } from "./out-directory.ts";
import { quoted, UsageError } from "./usage-error.ts";
import { templateOf } from "./write-page.ts";

/** Campaigns that a page shows; of more, the newest. */
const SHOWN_MAX = 500;

export interface TrendsOptions {
  /** Campaigns that are added, by their folders. */
  readonly folders: readonly string[];
  readonly date?: string;
  readonly commit?: string;
}

/**
 * Adds campaigns to a file of trends, a line each, and writes the page of all of them beside it.
 *
 * @param file `….jsonl`; the page has its name with `.html`
 * @returns the exit code
 * @throws UsageError
 */
export function trendsFileCommand(parts: CommandLineParts, file: string, options: TrendsOptions): number {
  const { folders, date, commit } = options;
  if (date !== undefined && !trendSchema.shape.date.safeParse(date).success)
    throw new UsageError({ place: "--date", found: quoted(date), expected: "a time as 2026-01-31T12:00:00Z" });
  const given = { ...(date === undefined ? {} : { date }), ...(commit === undefined ? {} : { commit }) };
  // All are read before any is added.
  const added = folders.map((folder): CampaignSummary => ({ ...summaryOf(new CampaignFolder(folder)), ...given }));
  mkdirSync(dirname(file), { recursive: true });
  for (const summary of added) appendFileSync(file, `${JSON.stringify(summary)}\n`);
  const campaigns = readTrends(file);
  const page = `${file.replace(/\.jsonl$/u, "")}.html`;
  const template = templateOf(parts.pageTemplate);
  if (template !== undefined) replaceFile(page, parts.reports.trendsPage(template, campaigns.slice(-SHOWN_MAX)));
  parts.terminal.out(`${campaigns.length} campaigns in ${file}${template === undefined ? "" : `; page: ${page}`}\n`);
  return EXIT.pass;
}

/** In the order of their dates. @throws UsageError naming the line that cannot be read */
function readTrends(file: string): CampaignSummary[] {
  const trends: CampaignSummary[] = [];
  for (const line of linesOf(file)) {
    const parsed = trendSchema.safeParse(parseJson(line));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UsageError({
        place: `${file}:${trends.length + 1}`,
        found: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "no campaign"}`,
        expected: "a campaign, as resilver trends writes it",
      });
    }
    trends.push(parsed.data as CampaignSummary);
  }
  return trends.toSorted((one, other) => Date.parse(one.date) - Date.parse(other.date));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told as what it is: no object.
    return undefined;
  }
}
