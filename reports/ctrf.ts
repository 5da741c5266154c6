import type { RunRecord, Verdict } from "../harness/history/run-record.ts";
import { uniqueNames } from "./case-names.ts";
import { failureText, failureTitle, idleFaults } from "./failure-text.ts";

/** The version of the format that is written; a working draft still. */
const SPEC_VERSION = "0.0.0";
const TRACE_LENGTH_MAX = 64 * 1024;

type Status = "passed" | "failed" | "skipped" | "other";

const STATUSES: Readonly<Record<Verdict, Status>> = {
  PASS: "passed",
  FAIL: "failed",
  ERROR: "failed",
  // Neither passed nor failed: it could not be decided.
  UNKNOWN: "other",
  SKIPPED: "skipped",
  NOT_APPLICABLE: "skipped",
  WAIVED: "skipped",
};

export interface CtrfOptions {
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** How long all of them took. */
  readonly wallMs: number;
  readonly replayCommand: (token: string) => string;
}

/**
 * The runs in the Common Test Report Format (ctrf.io): one test a run. `rawStatus` is the verdict; what the format has no place for
 * is in `extra`, under names that begin with `resilver/`.
 */
export function ctrfReport(runs: readonly RunRecord[], options: CtrfOptions): object {
  const start = Date.parse(options.startedAt);
  const stop = start + Math.round(options.wallMs);
  const names = uniqueNames(runs);
  const count = (status: Status): number => runs.filter(({ verdict }) => STATUSES[verdict] === status).length;
  return {
    reportFormat: "CTRF",
    specVersion: SPEC_VERSION,
    generatedBy: "resilver",
    timestamp: new Date(stop).toISOString(),
    results: {
      tool: { name: "resilver", version: options.version },
      summary: {
        tests: runs.length,
        passed: count("passed"),
        failed: count("failed"),
        skipped: count("skipped"),
        pending: 0,
        other: count("other"),
        start,
        stop,
      },
      tests: runs.map((run) => testOf(run, names.get(run) ?? run.scenario, options)),
    },
  };
}

function testOf(run: RunRecord, name: string, { replayCommand }: CtrfOptions): object {
  const { id, world, seed, verdict, wallMs, requirements, historyHash, events, virtualMs, faults, replay } = run;
  const status = STATUSES[verdict];
  return {
    name: wellFormed(name),
    status,
    duration: Math.round(wallMs),
    suite: [world, ...id.split("/").map(wellFormed)],
    rawStatus: verdict,
    type: "scenario",
    ...(requirements.length === 0 ? {} : { tags: [...requirements] }),
    ...(status === "passed" ? {} : told(run, replayCommand)),
    extra: {
      "resilver/seed": seed,
      "resilver/historyHash": historyHash,
      "resilver/events": events,
      "resilver/virtualMs": virtualMs,
      "resilver/faults": faults.map(({ kind, on, injected, effective }) => ({ kind, on, injected, effective })),
      "resilver/replay": replay,
    },
  };
}

function told(run: RunRecord, replayCommand: CtrfOptions["replayCommand"]): object {
  const [failure] = run.failures;
  const idle = run.vacuous ? `no effect was seen of ${idleFaults(run)}` : `the verdict is ${run.verdict}`;
  const message = failure === undefined ? idle : failureTitle(failure);
  const trace = failureText(run, replayCommand(run.replay)).slice(0, TRACE_LENGTH_MAX);
  return { message: wellFormed(message), trace: wellFormed(trace) };
}

/** Half of a surrogate pair is no text, and readers refuse the file for it. The format wants text that is not empty. */
function wellFormed(text: string): string {
  return text === "" ? "–" : text.toWellFormed();
}
