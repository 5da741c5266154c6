import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { PageCampaign, PageGroup, PageInput } from "../history/page-input.ts";
import { GOALS } from "../hunt/goals.ts";
import { evidenceOf, filesOf } from "./campaign-evidence.ts";
import { CampaignFolder } from "./campaign-folder.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { type HuntGroup, huntDocumentSchema } from "./hunt-document.ts";
import { CAMPAIGN_FILES, OutDirectory } from "./out-directory.ts";
import { REQUIREMENTS } from "../history/requirements.ts";
import { shortDigest } from "./replay-token.ts";
import { type KnownHunt, shardSeedCount, unfinishedHunt } from "./unfinished-hunt.ts";
import { oneLine, UsageError } from "./usage-error.ts";

/** What was written of a campaign. */
export interface WrittenPage {
  readonly path: string;
  /** Of a campaign that was not brought to its end: why, and how far it came. */
  readonly unfinished: string;
}

/**
 * Writes `index.html` of a campaign, from what lies in its folder and nothing else; of one that was killed, too.
 *
 * @returns `undefined` if this copy of the program has no page, as it was installed without its build
 * @throws UsageError if there are no results
 */
export function writePage(parts: CommandLineParts, folder: string): WrittenPage | undefined {
  const page = pageOf(parts, folder);
  if (page === undefined) return undefined;
  return { path: OutDirectory.page(folder, page.html), unfinished: page.unfinished };
}

/** The page itself; otherwise as {@link writePage}. */
export function pageOf(
  parts: CommandLineParts,
  folder: string,
): (Omit<WrittenPage, "path"> & { readonly html: string }) | undefined {
  const template = templateOf(parts.pageTemplate);
  if (template === undefined) return undefined;
  const page = pageInputOf(new CampaignFolder(folder));
  return { html: parts.reports.resultsPage(template, page), unfinished: page.unfinished ?? "" };
}

/** The same after a run: what goes wrong is told, and changes nothing of what the run came to. */
export function tryWritePage(parts: CommandLineParts, folder: string): string | undefined {
  try {
    return writePage(parts, folder)?.path;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    parts.terminal.err(`resilver: no page was written: ${oneLine(why)}\n`);
    return undefined;
  }
}

export function templateOf(template: URL | undefined): string | undefined {
  if (template === undefined) return undefined;
  try {
    return readFileSync(template, "utf8");
  } catch {
    return undefined;
  }
}

/** What a page shows of a campaign. @throws UsageError if it cannot be read */
function pageInputOf(campaign: CampaignFolder): PageInput {
  const { path: folder, start } = campaign;
  const { title, ...rest } = aboutOf(campaign);
  return {
    title,
    ...rest,
    runs: campaign.runs(),
    engine: shortDigest(start.engine),
    calledAs: start.calledAs,
    startedAt: start.startedAt,
    createdAt: new Date().toISOString(),
    requirements: REQUIREMENTS.map(({ id, title: name, elsewhere = "" }) => ({ id, title: name, elsewhere })),
    environment: start.environment,
    evidence: evidenceOf(folder),
    plans: plansOf(folder),
  };
}

function aboutOf(folder: CampaignFolder): Pick<PageInput, "title" | "verdict" | "campaign" | "unfinished"> {
  const { isEnded, start } = folder;
  const { planned } = start;
  const unfinished = isEnded ? {} : { unfinished: unfinishedText(folder) };
  if (planned.kind === "runs") {
    const [only, ...others] = planned.runs;
    const title = only !== undefined && others.length === 0 ? only.id : `${planned.runs.length} scenarios`;
    return { title, ...unfinished };
  }
  if (planned.kind === "rounds") return { title: `chaos, seed ${planned.seed}`, ...unfinished };
  if (planned.kind === "points") return { title: `exhaust ${planned.scenario}`, ...unfinished };
  const document = isEnded ? folder.read(CAMPAIGN_FILES.results, huntDocumentSchema) : unfinishedHunt(folder, planned);
  const { from, to } = document.seeds;
  const seeds = `${from}..${to}`;
  const campaign = campaignOf(document, seeds, folder.path);
  const { index, of } = planned.shard;
  return {
    title: `hunt, seeds ${seeds}${of === 1 ? "" : `, part ${index} of ${of}`}`,
    verdict: document.verdict,
    campaign: planned.minutes === undefined ? { ...campaign, plannedSeeds: shardSeedCount(planned) } : campaign,
    ...unfinished,
  };
}

function campaignOf(document: KnownHunt, seeds: string, folder: string): PageCampaign {
  const { status, generator, outcome, runCount, derivedCount, failedCount, events, wallMs, faults, corpus } = document;
  const { groups, reached, neverReached } = document;
  return {
    ...{ status, generator, outcome, runCount, derivedCount, failedCount, events, wallMs, faults, corpus, seeds },
    ...(reached === undefined
      ? {}
      : {
          coverage: {
            goalCount: GOALS.length,
            neverReached,
            reached: Object.entries(reached).toSorted(([, one], [, other]) => one - other),
          },
        }),
    groups: groups.map(({ fingerprint, count, message, seed, replay, small }) => ({
      fingerprint,
      count,
      message,
      run: `hunt/${seed}`,
      replay,
      ...smallOf(folder, small),
    })),
  };
}

/** How far it came; history is read for it once more, as this happens to few. */
function unfinishedText(folder: CampaignFolder): string {
  const { command, planned } = folder.start;
  let [ended, missing] = [0, 0];
  for (const { verdict } of folder.runs())
    if (verdict === "SKIPPED") missing++;
    else ended++;
  const of = planned.kind === "runs" ? ` of ${ended + missing}` : "";
  return `${command} was not brought to its end: the harness was killed, or is still at it; ${ended}${of} runs ended`;
}

/** Results may have been moved since, with all that is in their folder, or without. */
function smallOf(folder: string, small: HuntGroup["small"]): Pick<PageGroup, "small"> {
  if (small === undefined) return {};
  const path = join(folder, "scenarios", basename(small.scenario));
  const { steps, faults, replay } = small;
  return existsSync(path) ? { small: { steps, faults, replay, source: readFileSync(path, "utf8") } } : {};
}

/** By run: what a browser can run again. Recorded programs are too large, and it has no file systems. */
function plansOf(folder: string): Record<string, unknown> {
  const plans: Record<string, unknown> = {};
  for (const path of filesOf(join(folder, "plans"))) {
    const plan: unknown = JSON.parse(readFileSync(join(folder, "plans", path), "utf8"));
    if (isSelfContained(plan)) plans[path.replace(/\.json$/u, "")] = plan;
  }
  return plans;
}

const NEEDS_MORE = new Set([
  "trace",
  "write-files",
  "remove-files",
  "mount",
  "dismount",
  "restore-files",
  "files-hold",
]);

function isSelfContained(plan: unknown): boolean {
  let level: unknown[] = [plan];
  while (level.length > 0) {
    const objects = level.filter((value) => typeof value === "object" && value !== null);
    if (objects.some((value) => "kind" in value && NEEDS_MORE.has(String(value.kind)))) return false;
    level = objects.flatMap((value): unknown[] => Object.values(value));
  }
  return true;
}

/** Of a copy of the program that was installed without its page. @param place the command */
export function noPage(place: string): UsageError {
  return new UsageError({
    place,
    found: "a copy of resilver without its page",
    expected: "dist/page.html, as npm ci makes it",
    remedy: "npm run prepare",
  });
}
