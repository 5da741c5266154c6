import { TORN_KINDS } from "../hunt/exhaust/torn-subsets.ts";
import { BLOW_WORDS } from "../hunt/crash-point.ts";
import type { PairTotals } from "../hunt/exhaust/search.ts";
import type { ExhaustDocument, ExhaustGroup } from "./exhaust-document.ts";

/** Groups of failures told in full; the others are in the document. */
const GROUPS_SHOWN_MAX = 10;

/** For people: what did not pass, its replay command first, and what was tried and what was not, last. */
export function exhaustText(document: ExhaustDocument, out: string): string {
  const {
    scenario,
    seed,
    status,
    verdict,
    total,
    stride,
    runCount,
    plannedCount,
    leftOut,
    rows,
    groups,
    outcome,
    wallMs,
  } = document;
  const passed = rows.reduce((sum, row) => sum + row.passed, 0);
  const missed = rows.reduce((sum, row) => sum + row.unreached, 0);
  const sampled = stride === 1 ? "" : `, every ${stride}th of ${total} points`;
  const unreached = missed === 0 ? "" : `, ${missed} not reached`;
  const limited = leftOut === 0 ? "" : `, ${leftOut} left out by the limit`;
  const ended = status === "interrupted" ? `, interrupted before ${plannedCount - runCount} more` : "";
  const perSecond = ((runCount + (document.pairs?.runs ?? 0)) * 1000) / Math.max(1, wallMs);
  const shown = groups.slice(0, GROUPS_SHOWN_MAX).flatMap(groupLines);
  return [
    ...tableLines(document),
    ...tornLines(document.torn),
    ...pairLines(document.pairs),
    ...shown,
    ...(groups.length > GROUPS_SHOWN_MAX ? ["", `and ${groups.length - GROUPS_SHOWN_MAX} more groups`] : []),
    "",
    `outcome ${outcome}; records and plans of failures in ${out}/`,
    `${verdict}  ${scenario}  seed ${seed}: ${passed} of ${runCount} runs passed${sampled}${unreached}${limited}${ended}, in ${(wallMs / 1000).toFixed(1)} s, ${perSecond.toFixed(1)} runs/s`,
    "",
  ].join("\n");
}

function tableLines({ rows }: ExhaustDocument): string[] {
  const table = [
    ["system", "disk or link", "blow", "points", "runs", "passed", "not reached", "refused"],
    ...rows.map(({ system, where, blow, points, runs, passed, unreached, tolerated }) => [
      system,
      where,
      BLOW_WORDS[blow],
      ...[points, runs, passed, unreached, tolerated].map(String),
    ]),
  ];
  const widths = (table[0] ?? []).map((_title, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}

function tornLines(torn: ExhaustDocument["torn"]): string[] {
  if (torn === undefined) return [];
  const { sectors, parts, classes, wholeMax, sectorsMax, kinds, same, leftOut } = torn;
  const rows: [number, string][] = [
    [sectors, `points with at most ${wholeMax} sectors that are not durable: every subset of them`],
    [parts, "with more: a write's first sector, its last, and all between are a part each; every subset of the parts"],
    [classes, `with more than ${wholeMax} parts: by the classes below`],
  ];
  const width = Math.max(
    ...[...rows, ...kinds.map(({ runs }) => [runs] as const)].map(([count]) => String(count).length),
  );
  const line = (count: number, what: string): string => `  ${String(count).padStart(width)}  ${what}`;
  return [
    "",
    `losses of power, at most ${sectorsMax} sectors not durable; sectors that no write changes are not counted`,
    ...rows.map(([count, what]) => line(count, what)),
    "by class, runs",
    ...kinds.map(({ kind, runs }) => line(runs, TORN_KINDS[kind])),
    `  ${same} more subsets leave what another one of their point leaves: the same class, run once`,
    ...(leftOut === 0 ? [] : [`  ${leftOut} contents are left out, as their points have too many (--subsets)`]),
  ];
}

function pairLines(pairs: PairTotals | undefined): string[] {
  if (pairs === undefined) return [];
  const { first, firstKinds, second, secondKinds, runs, passed, leftOut } = pairs;
  return [
    "",
    `pairs: ${passed} of ${runs} passed`,
    `  ${first} first blows, of ${firstKinds} kinds (blow, place, action, latest step of the program): the first of each kind`,
    `  ${second} points come after these, with blows of ${secondKinds} kinds: the first of each kind`,
    `  ${leftOut} of them are left out by the limit`,
  ];
}

function groupLines({ fingerprint, count, point, isReached, message, replay, small }: ExhaustGroup): string[] {
  return [
    "",
    `replay with: ${small?.replay ?? replay}`,
    `${fingerprint}  ${count} ×, first with ${point}`,
    ...(isReached ? [] : ["  the point was not reached"]),
    ...(message === "" ? [] : [`  ${message}`]),
    ...(small === undefined
      ? []
      : [
          `  made small: ${small.steps} steps, ${small.faults} faults, as a scenario in ${small.scenario}${small.isSmallest ? "" : "; the time was over before it was as small as can be"}`,
        ]),
  ];
}
