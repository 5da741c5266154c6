import type { PageInput } from "../../harness/history/page-input.ts";
import type { Verdict } from "../../harness/history/run-record.ts";

// What a page shows: plain data, made where the results are, read in a browser.

/** One rule that the runs were judged by. */
export interface Gate {
  /** For people: "C: mirrors that are in sync hold the same bytes". */
  readonly rule: string;
  /** "0 broken in 12,345 checks". */
  readonly measured: string;
  /** "0". */
  readonly limit: string;
  /** `NOT_APPLICABLE`: nothing was measured. */
  readonly verdict: Verdict;
}

/** All but the plans, which are unpacked when a run is looked at. */
export interface PageData extends Omit<PageInput, "plans"> {
  readonly schemaVersion: 1;
  readonly gates: readonly Gate[];
}

/** Elements of the page that hold its data; the last two are Base64 of what gzip made. */
export const PAGE_ELEMENTS = { data: "page-data", plans: "page-plans", engine: "page-engine" } as const;
