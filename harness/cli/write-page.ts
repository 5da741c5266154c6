import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import { GOALS } from "../hunt/goals.ts";
import type { PageCampaign, PageGroup, PageInput } from "../history/page-input.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { environmentOf } from "./environment.ts";
import { type HuntDocument, type HuntGroup, huntDocumentSchema } from "./hunt-document.ts";
import { OutDirectory } from "./out-directory.ts";
import { REQUIREMENTS } from "../history/requirements.ts";
import { engineOfToken, shortDigest } from "./replay-token.ts";
import { oneLine, UsageError } from "./usage-error.ts";

/** What the results of a folder say of themselves. */
interface Results {
  readonly title: string;
  readonly verdict: Verdict;
  readonly engine: string;
  readonly runs: readonly RunRecord[];
  readonly campaign?: PageCampaign;
}

/**
 * Writes `index.html` of a folder of results, from what lies there and nothing else.
 *
 * @returns its path; `undefined` if this copy of the program has no page, as it was installed without its build
 * @throws UsageError if there are no results
 */
export function writePage(parts: CommandLineParts, folder: string): string | undefined {
  const template = templateOf(parts.pageTemplate);
  if (template === undefined) return undefined;
  const { title, verdict, engine, runs, campaign } = resultsOf(parts, folder);
  const page: PageInput = {
    title,
    verdict,
    runs,
    ...(campaign === undefined ? {} : { campaign }),
    engine,
    calledAs: parts.calledAs,
    createdAt: new Date().toISOString(),
    requirements: REQUIREMENTS.map(({ id, title: name, elsewhere = "" }) => ({ id, title: name, elsewhere })),
    environment: environmentOf(parts.version),
    evidence: evidenceOf(folder),
    plans: plansOf(folder),
  };
  return OutDirectory.page(folder, parts.reports.resultsPage(template, page));
}

/** The same after a run: what goes wrong is told, and changes nothing of what the run came to. */
export function tryWritePage(parts: CommandLineParts, folder: string): string | undefined {
  try {
    return writePage(parts, folder);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    parts.terminal.err(`resilver: no page was written: ${oneLine(why)}\n`);
    return undefined;
  }
}

function titleOf(runs: readonly RunRecord[]): string {
  const [only, ...others] = runs;
  return only !== undefined && others.length === 0 ? only.id : `${runs.length} scenarios`;
}

function templateOf(template: URL | undefined): string | undefined {
  if (template === undefined) return undefined;
  try {
    return readFileSync(template, "utf8");
  } catch {
    return undefined;
  }
}

/** @throws UsageError naming the file */
function resultsOf(parts: CommandLineParts, folder: string): Results {
  const path = join(folder, "index.json");
  try {
    const document: unknown = JSON.parse(readFileSync(path, "utf8"));
    const { verdict, runs } = parts.reports.readResults(document);
    const hunt = huntDocumentSchema.safeParse(document);
    if (hunt.success) return huntResults({ ...hunt.data, runs }, folder);
    return { title: titleOf(runs), verdict, engine: engineOf(runs), runs };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy = "name the --out of a run";
    throw new UsageError(
      { place: path, found, expected: "results as run and start write them", remedy },
      { cause: error },
    );
  }
}

function huntResults(document: HuntDocument, folder: string): Results {
  const { seeds, verdict, runs, reached, groups } = document;
  const range = `${seeds.from}..${seeds.to}`;
  const campaign: PageCampaign = {
    ...document,
    seeds: range,
    goalCount: GOALS.length,
    reached: Object.entries(reached).toSorted(([, one], [, other]) => one - other),
    groups: groups.map(({ fingerprint, count, message, seed, replay, small }) => ({
      fingerprint,
      count,
      message,
      run: `hunt/${seed}`,
      replay,
      ...smallOf(folder, small),
    })),
  };
  return { title: `hunt, seeds ${range}`, verdict, engine: shortDigest(document.engine), runs, campaign };
}

/** Results may have been moved since, with all that is in their folder, or without. */
function smallOf(folder: string, small: HuntGroup["small"]): Pick<PageGroup, "small"> {
  if (small === undefined) return {};
  const path = join(folder, "scenarios", basename(small.scenario));
  const { steps, faults, replay } = small;
  return existsSync(path) ? { small: { steps, faults, replay, source: readFileSync(path, "utf8") } } : {};
}

/** Of all that ran: the digest that their tokens name. */
function engineOf(runs: readonly RunRecord[]): string {
  const engines = new Set(runs.flatMap(({ replay }) => engineOfToken(replay) ?? []));
  return [...engines].join(", ");
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

/** What results consist of. What else lies in the folder, results of another command for instance, is not theirs. */
function evidenceOf(folder: string): PageInput["evidence"] {
  const folders = ["runs", "plans", "scenarios"].flatMap((name) =>
    filesOf(join(folder, name)).map((path) => `${name}/${path}`),
  );
  const files = ["index.json", "junit.xml", "results.jsonl"].filter((name) => existsSync(join(folder, name)));
  return [...files, ...folders].map((path) => {
    const content = readFileSync(join(folder, path));
    return { path, sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
  });
}

/** Paths in it, with forward slashes, sorted; of no folder, none. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
