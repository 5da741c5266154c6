import { MEANINGS } from "./invariant-meanings.ts";
import type { PageCampaign, PageRun } from "../harness/history/page-input.ts";
import { type Invariant, INVARIANTS } from "../harness/history/run-record.ts";
import type { Gate, PageVerdict } from "./page/page-data.ts";

interface Counts {
  checks: number;
  broken: number;
  /** Broken in a run that passed: its scenario is there to show that a mistake is found. */
  shown: number;
}

/** Every rule that runs are judged by, with what was measured; no runs, or none of a kind, is never a pass. */
export class GateTally {
  readonly #counts = new Map(INVARIANTS.map((rule): [Invariant, Counts] => [rule, { checks: 0, broken: 0, shown: 0 }]));
  #planned = 0;
  #ran = 0;
  #vacuous = 0;
  #others = 0;

  add({ verdict, checks = {}, invariants = {}, failures = [], vacuous = false }: PageRun): void {
    this.#planned++;
    if (verdict !== "SKIPPED") this.#ran++;
    if (vacuous) this.#vacuous++;
    for (const { rule } of failures) if (!isInvariant(rule) && verdict !== "SKIPPED") this.#others++;
    for (const [invariant, counts] of this.#counts) {
      counts.checks += checks[invariant] ?? 0;
      if (invariants[invariant] !== "FAIL") continue;
      if (verdict === "PASS") counts.shown++;
      else counts.broken++;
    }
  }

  get isIncomplete(): boolean {
    return this.#ran < this.#planned;
  }

  gates(): Gate[] {
    return [
      gate(
        "every run that was planned ran",
        `${number(this.#ran)} of ${number(this.#planned)}`,
        "all",
        this.#ran,
        this.#planned - this.#ran,
        "INCOMPLETE",
      ),
      ...[...this.#counts].map(([invariant, { checks, broken, shown }]) => {
        const told = shown === 0 ? "" : `; in ${shown} that plant a mistake it was found`;
        const measured = `broken in ${broken} runs, checked ${number(checks)} times${told}`;
        return gate(`${invariant} · ${MEANINGS[invariant]}`, measured, "0 runs", checks, broken);
      }),
      gate(
        "what scenarios expect, and that programs and harness hold",
        `${this.#others} failures`,
        "0",
        this.#ran,
        this.#others,
      ),
      gate(
        "every fault had an effect",
        `${this.#vacuous} runs with one that had none`,
        "0",
        this.#ran,
        this.#vacuous,
        "UNKNOWN",
      ),
    ];
  }
}

/** What a hunt is judged by: all of its runs, whatever their plans. */
export function campaignGates(campaign: PageCampaign): Gate[] {
  const { runCount, derivedCount, failedCount, corpus, faults, coverage, plannedSeeds, status } = campaign;
  const effective = faults.reduce((sum, fault) => sum + fault.effective, 0);
  const injected = faults.reduce((sum, fault) => sum + fault.injected, 0);
  const vacuous = injected > 0 && effective === 0 ? 1 : 0;
  const seeds = runCount - derivedCount;
  const missing = isIncomplete(campaign) ? 1 : 0;
  return [
    gate(
      "every seed that was planned ran",
      plannedSeeds === undefined
        ? `${number(seeds)}, ${status}`
        : `${number(seeds)} of ${number(plannedSeeds)}, ${status}`,
      plannedSeeds === undefined ? "as many as there is time for" : "all",
      seeds,
      missing,
      "INCOMPLETE",
    ),
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
      coverage === undefined
        ? "told when the hunt ends"
        : `${coverage.goalCount - coverage.neverReached.length} of ${coverage.goalCount} reached`,
      "told, not judged",
      0,
      0,
    ),
  ];
}

/** A hunt that was broken off, or that has not run what it was to. */
export function isIncomplete({ status, plannedSeeds, runCount, derivedCount }: PageCampaign): boolean {
  if (status === "unfinished" || status === "interrupted") return true;
  return plannedSeeds !== undefined && runCount - derivedCount < plannedSeeds;
}

function gate(
  rule: string,
  measured: string,
  limit: string,
  measuredCount: number,
  broken: number,
  verdictIfBroken: PageVerdict = "FAIL",
): Gate {
  const verdict = broken > 0 ? verdictIfBroken : measuredCount === 0 ? "NOT_APPLICABLE" : "PASS";
  return { rule, measured, limit, verdict };
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function isInvariant(rule: string): boolean {
  return (INVARIANTS as readonly string[]).includes(rule);
}
