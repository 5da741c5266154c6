import Table from "cli-table3";
import { campaignTrends, type Trend } from "../queue/campaigns.ts";
import { Database } from "../queue/database.ts";
import { parseQueueUrl } from "../queue/queue-url.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import type { QueueOptions } from "./hunt-command.ts";
import { programOf } from "./program-digests.ts";

/** Campaigns listed. */
const SHOWN_MAX = 100;

/**
 * Lists the newest campaigns of a queue, oldest first.
 *
 * @returns the exit code
 * @throws QueueError
 */
export async function trendsCommand(
  parts: CommandLineParts,
  { url, json, patienceMs }: QueueOptions & { readonly json: boolean },
): Promise<number> {
  const options = { url: parseQueueUrl(url), program: programOf(parts), patienceMs, signal: parts.interrupt };
  const database = await Database.open({ ...options, role: "reader" });
  try {
    const campaigns = await campaignTrends(database, SHOWN_MAX);
    parts.terminal.out(
      json ? `${JSON.stringify({ schemaVersion: 1, campaigns }, null, 2)}\n` : `${tableOf(campaigns)}\n`,
    );
    return EXIT.pass;
  } finally {
    await database.close();
  }
}

function tableOf(campaigns: readonly Trend[]): string {
  const head = [
    "",
    "began (UTC)",
    "engine",
    "gen.",
    "seeds",
    "status",
    "verdict",
    "runs",
    "failed",
    "ways",
    "goals",
    "runs/s",
    "outcome",
  ];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { id, began, engine, generator, seed_from: from, seed_to: to, status, summary } of campaigns) {
    const { verdict, runs, failed, groups, goals, wallMs, outcome } = summary ?? {};
    const pace = runs === undefined ? "" : ((runs * 1000) / Math.max(1, wallMs ?? 0)).toFixed(1);
    const about = [id, began.slice(0, 16).replace("T", " "), engine.slice(0, 12), generator, `${from}..${to}`, status];
    table.push([...about, verdict, runs, failed, groups, goals, pace, outcome].map((cell) => cell ?? ""));
  }
  return table.toString();
}
