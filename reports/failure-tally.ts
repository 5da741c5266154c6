import type { PageRun } from "../harness/history/page-input.ts";
import type { FailureGroup, PageData, RunDetail } from "./page/page-data.ts";

/** Groups, runs of each that are named, and runs of which all is told: of more, only the number. */
const GROUPS_MAX = 500;
const RUNS_MAX = 10;
const DETAILS_MAX = 1000;

/** What did not pass, put together by what it has in common. */
export class FailureTally {
  readonly #groups = new Map<string, { readonly title: string; count: number; readonly runs: number[] }>();
  readonly #details = new Map<number, RunDetail>();

  /** @param index which run it is until {@link finish} */
  add(run: PageRun, index: number): void {
    const { verdict, failures = [], replay = "" } = run;
    if (failures.length > 0 && verdict !== "SKIPPED" && this.#details.size < DETAILS_MAX)
      this.#details.set(index, { failures, replay });
    if (verdict === "PASS" || verdict === "NOT_APPLICABLE" || verdict === "WAIVED") return;
    const [failure] = failures;
    const reason = run.vacuous === true ? "a fault had no effect" : "no failure was told";
    const title =
      verdict === "SKIPPED"
        ? "SKIPPED: planned, and not run to its end"
        : failure === undefined
          ? `${verdict}: ${reason}`
          : `${failure.rule}: ${failure.message}`;
    const key = title.replace(/\d+/gu, "#");
    const group = this.#groups.get(key) ?? { title, count: 0, runs: [] };
    group.count++;
    if (group.runs.length < RUNS_MAX) group.runs.push(index);
    if (this.#groups.size < GROUPS_MAX || this.#groups.has(key)) this.#groups.set(key, group);
  }

  /** @param placeOf for each run, which it is in the page */
  finish(placeOf: Uint32Array): Pick<PageData, "groups" | "details"> {
    const place = (run: number): number => placeOf[run] ?? run;
    const groups = [...this.#groups.values()].map(
      (group): FailureGroup => ({ ...group, runs: group.runs.map(place).toSorted((one, other) => one - other) }),
    );
    return {
      groups: groups.toSorted((one, other) => other.count - one.count),
      details: Object.fromEntries([...this.#details].map(([run, detail]) => [place(run), detail])),
    };
  }
}
