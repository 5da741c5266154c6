import { gzipSync } from "node:zlib";
import type { PageCampaign, PageInput } from "../harness/history/page-input.ts";
import type { RunRecord, Verdict } from "../harness/history/run-record.ts";
import { INVARIANTS } from "../harness/history/run-record.ts";
import { MEANINGS } from "./invariant-meanings.ts";
import { type Gate, PAGE_ELEMENTS, type PageData } from "./page/page-data.ts";

/** Where the data goes in the page without it. */
const PLACE = "<!-- data -->";

/**
 * The page that shows results: one file that needs no other, and no network.
 *
 * @param template the page without data, as it was built
 */
export function resultsPage(template: string, { plans, ...page }: PageInput): string {
  const at = template.indexOf(PLACE);
  if (at < 0) throw new Error("the page was built without a place for its data");
  const data: PageData = {
    schemaVersion: 1,
    ...page,
    gates: page.campaign === undefined ? gatesOf(page.runs) : campaignGates(page.campaign),
  };
  const packed = gzipSync(JSON.stringify(plans)).toString("base64");
  // Nothing in the data may end its element.
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  const elements = [
    `<script type="application/json" id="${PAGE_ELEMENTS.data}">${json}</script>`,
    `<script type="text/plain" id="${PAGE_ELEMENTS.plans}">${packed}</script>`,
  ];
  return `${template.slice(0, at)}${elements.join("\n")}${template.slice(at + PLACE.length)}`;
}

/** Every rule of these runs with what was measured; no runs, or none of a kind, is never a pass. */
export function gatesOf(runs: readonly RunRecord[]): Gate[] {
  const ran = runs.filter(({ verdict }) => verdict !== "SKIPPED");
  const vacuous = runs.filter((run) => run.vacuous).length;
  const others = runs.flatMap(({ failures }) => failures).filter(({ rule }) => !isInvariant(rule));
  return [
    gate(
      "every run that was planned ran",
      `${ran.length} of ${runs.length}`,
      "all",
      ran.length,
      runs.length - ran.length,
    ),
    ...INVARIANTS.map((invariant) => {
      const checks = runs.reduce((sum, run) => sum + (run.checks[invariant] ?? 0), 0);
      const all = runs.filter((run) => run.invariants[invariant] === "FAIL");
      // A scenario may be there to show that a mistake is found: then it passes because the rule was broken.
      const broken = all.filter(({ verdict }) => verdict !== "PASS").length;
      const shown = all.length - broken;
      const told = shown === 0 ? "" : `; in ${shown} that plant a mistake it was found`;
      const measured = `broken in ${broken} runs, checked ${checks.toLocaleString("en")} times${told}`;
      return gate(`${invariant} · ${MEANINGS[invariant]}`, measured, "0 runs", checks, broken);
    }),
    gate(
      "what scenarios expect, and that programs and harness hold",
      `${others.length} failures`,
      "0",
      ran.length,
      others.length,
    ),
    gate("every fault had an effect", `${vacuous} runs with one that had none`, "0", ran.length, vacuous, "UNKNOWN"),
  ];
}

/** What a hunt is judged by: all of its runs, whatever their plans. */
export function campaignGates(campaign: PageCampaign): Gate[] {
  const { runCount, failedCount, corpus, faults, goalCount, neverReached } = campaign;
  const effective = faults.reduce((sum, fault) => sum + fault.effective, 0);
  const injected = faults.reduce((sum, fault) => sum + fault.injected, 0);
  const number = (value: number): string => value.toLocaleString("en");
  const vacuous = injected > 0 && effective === 0 ? 1 : 0;
  return [
    gate(
      "every invariant, in every run",
      `${number(failedCount)} of ${number(runCount)} runs failed`,
      "0",
      runCount,
      failedCount,
    ),
    gate(
      "failures of the past",
      `${corpus.unexpected.length} of ${corpus.runCount} are not as expected`,
      "0",
      corpus.runCount,
      corpus.unexpected.length,
    ),
    gate(
      "faults had an effect",
      `${number(effective)} of ${number(injected)}; many strike at random, where there is nothing`,
      "some",
      injected,
      vacuous,
      "UNKNOWN",
    ),
    gate(
      "goals: what should happen sometimes",
      `${goalCount - neverReached.length} of ${goalCount} reached`,
      "told, not judged",
      0,
      0,
    ),
  ];
}

function gate(
  rule: string,
  measured: string,
  limit: string,
  measuredCount: number,
  broken: number,
  verdictIfBroken: Verdict = "FAIL",
): Gate {
  const verdict = broken > 0 ? verdictIfBroken : measuredCount === 0 ? "NOT_APPLICABLE" : "PASS";
  return { rule, measured, limit, verdict };
}

function isInvariant(rule: string): boolean {
  return (INVARIANTS as readonly string[]).includes(rule);
}
