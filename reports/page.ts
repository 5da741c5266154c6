import { gzipSync } from "node:zlib";
import type { CampaignSummary } from "../harness/history/campaign-summary.ts";
import type { PageInput } from "../harness/history/page-input.ts";
import type { Verdict } from "../harness/history/run-record.ts";
import { mergeVerdicts } from "../harness/history/verdict.ts";
import { campaignGates, GateTally, isIncomplete } from "./gates.ts";
import { FailureTally } from "./failure-tally.ts";
import { PAGE_ELEMENTS, type PageData, type TrendsData } from "./page/page-data.ts";
import { RecoveryTally } from "./recovery-tally.ts";
import { RunColumnsWriter } from "./run-columns-writer.ts";
import { StruckTally } from "./struck-tally.ts";

/** Where the data goes in the page without it. */
const PLACE = "<!-- data -->";

/**
 * The page that shows results: one file that needs no other, and no network. Takes the runs one by one.
 *
 * @param template the page without data, as it was built
 */
export function resultsPage(template: string, { plans, runs, verdict, ...page }: PageInput): string {
  const columns = new RunColumnsWriter();
  const gates = new GateTally();
  const failures = new FailureTally();
  const recovery = new RecoveryTally();
  const struck = new StruckTally();
  const verdicts = new Set<Verdict>();
  for (const run of runs) {
    failures.add(run, columns.add(run));
    gates.add(run);
    recovery.add(run);
    struck.add(run);
    verdicts.add(run.verdict);
  }
  const { bytes, placeOf } = columns.finish();
  const { campaign, unfinished } = page;
  const data: PageData = {
    schemaVersion: 2,
    ...page,
    verdict: verdict ?? mergeVerdicts(verdicts),
    isIncomplete: unfinished !== undefined || (campaign === undefined ? gates.isIncomplete : isIncomplete(campaign)),
    gates: campaign === undefined ? gates.gates() : campaignGates(campaign),
    runCount: columns.runCount,
    faultCount: columns.faultCount,
    scenarios: columns.scenarios,
    faultKinds: columns.kinds,
    recovery: recovery.finish(),
    struck: struck.finish(),
    ...failures.finish(placeOf),
  };
  const parts = [packed(PAGE_ELEMENTS.runs, bytes), packed(PAGE_ELEMENTS.plans, JSON.stringify(plans))];
  return filled(template, [dataElement(data), ...parts]);
}

/** The page that shows campaigns one after the other. @param template as above @param campaigns the oldest first */
export function trendsPage(template: string, campaigns: readonly CampaignSummary[]): string {
  const data: TrendsData = { schemaVersion: 2, trends: campaigns };
  return filled(template, [dataElement(data)]);
}

function filled(template: string, elements: readonly string[]): string {
  const at = template.indexOf(PLACE);
  if (at < 0) throw new Error("the page was built without a place for its data");
  return `${template.slice(0, at)}${elements.join("\n")}${template.slice(at + PLACE.length)}`;
}

function dataElement(data: PageData | TrendsData): string {
  // Nothing in the data may end its element.
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return `<script type="application/json" id="${PAGE_ELEMENTS.data}">${json}</script>`;
}

function packed(id: string, content: string | Uint8Array): string {
  return `<script type="text/plain" id="${id}">${gzipSync(content).toString("base64")}</script>`;
}
