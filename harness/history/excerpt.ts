import { type EventLog, formatEvent } from "./event-log.ts";

/** Events told of one excerpt; the rest is counted. */
const EVENTS_MAX = 60;
/** What others bring about: every frame has a delivery, every write its data. */
const OTHERS =
  /^(?:disk\.data|net\.(?:deliver|wake|syn|established)|(?:host|toxic)\.timer|timer|host\.done|harness\.sleep)$/u;

/** What happened from one moment of virtual time to another, a line an event. */
export function excerptOf(log: EventLog, fromNs: number, toNs: number): string[] {
  const lines: string[] = [];
  let left = 0;
  for (let index = 0; index < log.count; index++) {
    const event = log.get(index);
    if (event === undefined) break;
    if (event.timeNs < fromNs || event.timeNs > toNs || OTHERS.test(event.kind.name)) continue;
    if (lines.length < EVENTS_MAX) lines.push(formatEvent(event));
    else left++;
  }
  return left === 0 ? lines : [...lines, `and ${left} more`];
}
