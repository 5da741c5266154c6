import type { RunRecord, Verdict } from "../history/run-record.ts";
import type { TallyRow } from "../hunt/tally.ts";

/** A point whose run did not pass. */
export interface FailedPoint {
  /** `power loss of a at write 12 of a/meta`. */
  readonly point: string;
  readonly isReached: boolean;
  /** The command that runs it again. */
  readonly replay: string;
  readonly record: RunRecord;
}

/** What `exhaust --json` prints. */
export interface ExhaustDocument {
  readonly schemaVersion: 1;
  readonly scenario: string;
  readonly seed: number;
  readonly verdict: Verdict;
  /** Points that there are; every `stride`th was tried. */
  readonly total: number;
  readonly stride: number;
  readonly rows: readonly TallyRow[];
  readonly failures: readonly FailedPoint[];
  readonly wallMs: number;
}

/** Failures told in full; the others are in the document. */
const FAILURES_SHOWN_MAX = 10;
const BLOWS = { power: "power loss", kill: "kill", cut: "cut" } as const;

/** For people: what did not pass comes last, its replay command first. */
export function exhaustText(document: ExhaustDocument): string {
  const { scenario, seed, verdict, total, stride, rows, failures, wallMs } = document;
  const table = [
    ["system", "disk or link", "blow", "points", "passed", "not reached", "refused"],
    ...rows.map((row) => [
      row.system,
      row.where,
      BLOWS[row.blow],
      String(row.points),
      String(row.passed),
      String(row.unreached),
      String(row.tolerated),
    ]),
  ];
  const widths = (table[0] ?? []).map((_title, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  const tried = rows.reduce((sum, { points }) => sum + points, 0);
  const passed = rows.reduce((sum, row) => sum + row.passed, 0);
  const missed = rows.reduce((sum, row) => sum + row.unreached, 0);
  const sampled = stride === 1 ? "" : `, every ${stride}th of ${total}`;
  const unreached = missed === 0 ? "" : `, ${missed} not reached`;
  const shown = failures
    .slice(0, FAILURES_SHOWN_MAX)
    .flatMap(({ point, isReached, replay, record }) => [
      "",
      `replay with: ${replay}`,
      `${record.verdict}  ${point}`,
      ...(isReached ? [] : ["  the point was not reached"]),
      ...record.failures.slice(0, 3).map(({ rule, message }) => `  ${rule}: ${message.split("\n", 1)[0] ?? ""}`),
    ]);
  const more = failures.length - FAILURES_SHOWN_MAX;
  return [
    ...lines,
    ...shown,
    ...(more > 0 ? ["", `and ${more} more`] : []),
    "",
    `${verdict}  ${scenario}  seed ${seed}: ${passed} of ${tried} points passed${sampled}${unreached}, in ${(wallMs / 1000).toFixed(1)} s`,
    "",
  ].join("\n");
}
