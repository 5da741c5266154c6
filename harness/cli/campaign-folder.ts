import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PageRun } from "../history/page-input.ts";
import { type RunRecord, WORLD_KINDS } from "../history/run-record.ts";
import { type CampaignStart, campaignStartSchema, historyLineSchema, type PlannedRun } from "./campaign-files.ts";
import { linesOf } from "./json-lines.ts";
import { CAMPAIGN_FILES, pathOf } from "./out-directory.ts";
import { UsageError } from "./usage-error.ts";

/** What lies in the folder of a campaign, whether it was brought to its end or not. */
export class CampaignFolder {
  readonly path: string;
  readonly start: CampaignStart;
  /** False: the harness was killed, or is still at it. */
  readonly isEnded: boolean;

  /** @throws UsageError if there is no campaign */
  constructor(path: string) {
    this.path = path;
    this.start = this.read(CAMPAIGN_FILES.start, campaignStartSchema);
    this.isEnded = existsSync(join(path, CAMPAIGN_FILES.results));
  }

  /** The document of a file of it. @throws UsageError naming the file and what is wrong with it */
  read<T>(name: string, schema: z.ZodType<T>): T {
    const path = join(this.path, name);
    try {
      return schema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  /**
   * Every run of it, one after the other: those that ended, then those that were planned and did not.
   *
   * @throws UsageError naming the line that cannot be read
   */
  *runs(): Generator<PageRun> {
    const { planned } = this.start;
    const waiting = new Map(
      planned.kind === "runs" ? planned.runs.map((run, order) => [keyOf(run), { run, order }]) : [],
    );
    const path = join(this.path, CAMPAIGN_FILES.history);
    let number = 0;
    for (const line of linesOf(path)) {
      const run = readLine(line, `${path}:${++number}`);
      const key = keyOf(run);
      const order = run.variant === undefined ? waiting.get(key)?.order : run.seed + run.variant / 1024;
      waiting.delete(key);
      const told = this.#toldOf(run);
      yield order === undefined ? told : { ...told, order };
    }
    for (const { run, order } of waiting.values()) yield { ...notRun(run), order };
  }

  /** With what its own file tells, where the history has not all of it. */
  #toldOf(run: PageRun): PageRun {
    if (run.verdict === "PASS" || run.failures !== undefined) return run;
    const path = pathOf("runs", run.id);
    if (!existsSync(join(this.path, path))) return run;
    const { failures, replay } = this.read(path, keptSchema) as unknown as Pick<RunRecord, "failures" | "replay">;
    return { ...run, failures, replay };
  }
}

const keptSchema = z.looseObject({ failures: z.array(z.looseObject({ rule: z.string() })), replay: z.string() });

const lineSchema = historyLineSchema.extend({
  world: z.enum(WORLD_KINDS).default("sim"),
  requirements: z.array(z.string()).default([]),
});

/** A record has more than the schema of a line asks for; whoever wrote it checked that. */
function readLine(text: string, place: string): PageRun {
  try {
    return lineSchema.parse(JSON.parse(text)) as PageRun;
  } catch (error) {
    throw unreadable(place, error);
  }
}

function notRun(run: PlannedRun): PageRun {
  return { ...run, verdict: "SKIPPED", historyHash: "", faults: [] };
}

function keyOf({ id, seed }: Pick<PlannedRun, "id" | "seed">): string {
  return `${seed} ${id}`;
}

function unreadable(place: string, error: unknown): UsageError {
  const found = error instanceof z.ZodError ? firstOf(error) : error instanceof Error ? error.message : String(error);
  return new UsageError(
    { place, found, expected: "results as run, start and hunt write them", remedy: "name the --out of a run" },
    { cause: error },
  );
}

function firstOf({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "no results"}`;
}
