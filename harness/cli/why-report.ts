import { type CausePoint, CERTAIN, decided, share } from "../hunt/causality.ts";
import type { Failure } from "../history/run-record.ts";

/** What `why --json` prints. */
export interface WhyDocument {
  readonly schemaVersion: 1;
  readonly scenario: string;
  readonly seed: number;
  readonly failure: Failure;
  readonly points: readonly CausePoint[];
  /** The last moment at which other choices averted it. */
  readonly fromNs: number;
  /** The next moment that was looked at: from here on it nearly always failed. */
  readonly toNs: number;
  /** What happened between the two. */
  readonly events: readonly string[];
  readonly wallMs: number;
}

const BAR = 40;

/** For people: the failure over time, and what happened where it was decided. */
export function whyText(document: WhyDocument): string {
  const { scenario, seed, failure, points, fromNs, toNs, events, wallMs } = document;
  const width = inMs(points.at(-1)?.atNs ?? 0).length;
  const rows = points.map((point) => {
    const part = share(point);
    const bar = "█".repeat(Math.round(part * BAR));
    return `${inMs(point.atNs).padStart(width)} ms  ${`${Math.round(part * 100)} %`.padStart(5)}  ${bar}`.trimEnd();
  });
  const runs = points.reduce((sum, point) => sum + point.runs, 0);
  return [
    `${failure.rule} at ${inMs(failure.timeNs)} ms: ${failure.message}`,
    "",
    "How often it fails so if every choice from a moment on is another:",
    "",
    ...rows,
    "",
    ...(toNs > fromNs
      ? [`Decided between ${inMs(fromNs)} and ${inMs(toNs)} ms:`, "", ...events]
      : ["Decided from the beginning: no choice that was made averts it."]),
    "",
    `${scenario}  seed ${seed}: ${Math.round(CERTAIN * 100)} % or more from ${inMs(toNs)} ms on; ${runs} runs in ${(wallMs / 1000).toFixed(1)} s`,
    "",
  ].join("\n");
}

/** The document of a search. */
export function whyDocument(
  head: Pick<WhyDocument, "scenario" | "seed" | "failure" | "events" | "wallMs">,
  points: readonly CausePoint[],
): WhyDocument {
  return { schemaVersion: 1, ...head, points, ...decided(points) };
}

function inMs(timeNs: number): string {
  return (timeNs / 1e6).toFixed(3);
}
