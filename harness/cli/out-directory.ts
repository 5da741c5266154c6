import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { RunRecord } from "../history/run-record.ts";
import type { CampaignStart, HistoryLine } from "./campaign-files.ts";
import { linesOf } from "./json-lines.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** Files of a campaign, by what they are; derived ones can be made again from the others. */
export const CAMPAIGN_FILES = {
  start: "start.json",
  history: "history.jsonl",
  results: "index.json",
  junit: "junit.xml",
  ctrf: "ctrf.json",
  metrics: "metrics.txt",
  page: "index.html",
} as const;

/**
 * `out/`, written in three phases (docs/campaign.md): `start.json`, then a line of `history.jsonl` for each run that ends, then
 * `index.json` and what is made of it. So a kill of the harness loses no run that had ended.
 */
export class OutDirectory {
  readonly path: string;

  /** @throws UsageError if nothing can be written there */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path, { recursive: true });
      removeFormer(path);
    } catch (error) {
      throw new UsageError(
        { place: "--out", found: `${quoted(path)} (${messageOf(error)})`, expected: "a folder that can be written" },
        { cause: error },
      );
    }
  }

  /** The first phase: before anything is run. */
  start(document: CampaignStart): void {
    this.#write(CAMPAIGN_FILES.start, json(document), true);
  }

  /** A run has ended: its record, in the history and as a file of its own. */
  record(run: RunRecord): void {
    this.history(run);
    this.keep(run);
  }

  /** The second phase: a run has ended. */
  history(line: HistoryLine | RunRecord): void {
    appendFileSync(join(this.path, CAMPAIGN_FILES.history), `${JSON.stringify(line)}\n`);
  }

  /** The record of a run as a file of its own. */
  keep(run: RunRecord): void {
    this.#write(pathOf("runs", run.id), json(run));
  }

  /** What a run was made from, under its id. */
  planOf(id: string, plan: unknown): void {
    this.#write(pathOf("plans", id), json(plan));
  }

  /** A plan that `resilver run` can read. @returns its path in the folder */
  plan(name: string, plan: unknown): string {
    const path = join("plans", `${name}.json`);
    this.#write(path, json(plan));
    return path;
  }

  /** A plan as the source of a scenario. @returns its path in the folder */
  scenario(name: string, source: string): string {
    const path = join("scenarios", `${name}.ts`);
    this.#write(path, source);
    return path;
  }

  /** The third phase: it is over. Without this file a campaign is unfinished. */
  index(document: unknown): void {
    this.#write(CAMPAIGN_FILES.results, json(document), true);
  }

  /** A form that other programs read, made from the three. */
  report(name: "junit.xml" | "ctrf.json" | "metrics.txt", content: string): void {
    this.#write(name, content);
  }

  /** Of results that lie in `folder`. @returns its path */
  static page(folder: string, html: string): string {
    const path = join(folder, CAMPAIGN_FILES.page);
    replaceFile(path, html);
    return path;
  }

  #write(name: string, content: string, isDurable = false): void {
    replaceFile(join(this.path, name), content, isDurable);
  }
}

/** Under another name first: a reader sees the former file or the whole new one; if durable, also after a loss of power. */
export function replaceFile(path: string, content: string, isDurable = false): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  const file = openSync(part, "w");
  try {
    writeFileSync(file, content);
    if (isDurable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

/** Results of a former run must not pass for those of this one. Only what it says of itself is removed. */
function removeFormer(path: string): void {
  for (const id of formerIds(path))
    for (const folder of ["runs", "plans"] as const) rmSync(join(path, pathOf(folder, id)), { force: true });
  for (const name of Object.values(CAMPAIGN_FILES)) rmSync(join(path, name), { force: true });
}

/** What the former campaign planned and ran, as far as that can be read. */
function* formerIds(path: string): Generator<string> {
  for (const name of [CAMPAIGN_FILES.start, CAMPAIGN_FILES.results]) yield* idsIn(readIfJson(join(path, name)));
  for (const line of linesOf(join(path, CAMPAIGN_FILES.history))) yield* idsIn({ runs: [parsed(line)] });
}

function idsIn(document: unknown): string[] {
  if (typeof document !== "object" || document === null) return [];
  if ("planned" in document) return idsIn(document.planned);
  const runs: unknown[] = "runs" in document && Array.isArray(document.runs) ? document.runs : [];
  return runs.flatMap((run) =>
    typeof run === "object" && run !== null && "id" in run && typeof run.id === "string" ? [run.id] : [],
  );
}

function readIfJson(path: string): unknown {
  try {
    return parsed(readFileSync(path, "utf8"));
  } catch {
    // None there.
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // None of ours.
    return undefined;
  }
}

/** Ids come from file names, of plan files too: nothing in them may leave the folder. */
export function pathOf(folder: "runs" | "plans", id: string): string {
  const parts = id.split("/").map((part) => part.replace(/[^\w.-]/g, "_").replace(/^\.+/, "_"));
  return join(folder, `${parts.join("/")}.json`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
