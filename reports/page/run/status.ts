import type { SystemEntry } from "../../../harness/replay/recording.ts";

/** How a system is shown: its own state, or the worst status of its pairs. */
export function statusOf({ state, report }: SystemEntry): string {
  if (state !== "running") return state;
  const statuses = report?.pairs.map(({ status }) => status) ?? [];
  return (["SPLIT", "COPY", "DUPLEX", "SIMPLEX"] as const).find((status) => statuses.includes(status)) ?? "SIMPLEX";
}

export interface StatusSpan {
  readonly from: number;
  readonly to: number;
  readonly status: string;
}

/** Stretches of one status, of the events from `from` to `to`. */
export function statusSpans(entries: readonly SystemEntry[], from: number, to: number): StatusSpan[] {
  const spans: { from: number; to: number; status: string }[] = [];
  for (const [index, entry] of entries.entries()) {
    const begin = Math.max(entry.event, from);
    const end = Math.min(entries[index + 1]?.event ?? to, to);
    if (end < begin || entry.event > to) continue;
    const status = statusOf(entry);
    const last = spans.at(-1);
    if (last?.status === status) last.to = end;
    else spans.push({ from: begin, to: end, status });
  }
  return spans;
}
