import { type EventLog, type EventRecord, formatEvent } from "./event-log.ts";

const ANCESTORS_MAX = 8;

/** One run's side of a difference. */
export interface DifferenceSide {
  readonly digest: string;
  readonly eventCount: number;
  /** The event at the place of the difference; `undefined` if this run had ended before. */
  readonly event: EventRecord | undefined;
  /** The causes of {@link event}: the one that scheduled it, the one that scheduled that; at most 8. */
  readonly causes: readonly EventRecord[];
}

/** Where two runs that should be the same part. */
export interface Difference {
  /** Index of the first event that differs; `undefined` if all retained events agree. */
  readonly index: number | undefined;
  /** The last event that both runs share. */
  readonly lastCommon: EventRecord | undefined;
  readonly first: DifferenceSide;
  readonly second: DifferenceSide;
}

/** The difference of two runs; `undefined` if their digests and counts are the same. */
export function findDifference(first: EventLog, second: EventLog): Difference | undefined {
  if (first.digest === second.digest && first.count === second.count) return undefined;
  const found = first.firstDifference(second);
  // Nothing at that place in either: it lies beyond what was retained.
  const retained = (first.get(found) ?? second.get(found)) !== undefined;
  const index = retained ? found : undefined;
  return {
    index,
    lastCommon: index === undefined ? undefined : first.get(index - 1),
    first: sideOf(first, index),
    second: sideOf(second, index),
  };
}

function sideOf(log: EventLog, index: number | undefined): DifferenceSide {
  const event = index === undefined ? undefined : log.get(index);
  const causes: EventRecord[] = [];
  let cause = event;
  while (cause !== undefined && causes.length < ANCESTORS_MAX) {
    cause = log.get(cause.cause);
    if (cause !== undefined) causes.push(cause);
  }
  return { digest: log.digest, eventCount: log.count, event, causes };
}

/** The difference in lines for people, the most telling one first. */
export function formatDifference({ index, lastCommon, first, second }: Difference): string {
  const lines: string[] = [];
  if (index === undefined)
    lines.push("two runs of the same seed differ, beyond the events that were retained: retain more of them");
  else lines.push(`two runs of the same seed differ, first at event #${index}`);
  if (lastCommon !== undefined) lines.push(`  last in common  ${formatEvent(lastCommon)}`);
  lines.push(...sideLines("first run", first), ...sideLines("second run", second));
  return lines.join("\n");
}

function sideLines(name: string, { digest, eventCount, event, causes }: DifferenceSide): string[] {
  const lines = [`  ${name}: ${eventCount} events, digest ${digest}`];
  if (event !== undefined) lines.push(`    ${formatEvent(event)}`);
  for (const cause of causes) lines.push(`      caused by ${formatEvent(cause)}`);
  return lines;
}
