import Table from "cli-table3";
import { INVARIANTS, type RunRecord } from "../harness/history/run-record.ts";
import { type Paint, verdictStyle } from "./paint.ts";

interface Column {
  readonly head: string;
  readonly align: "left" | "right";
  /** Columns with a greater number go first when the terminal is too narrow; 0 never goes. */
  readonly dispensable: number;
  readonly text: (run: RunRecord) => string;
  readonly paint?: (run: RunRecord, text: string, paint: Paint) => string;
}

const GAP = 2;
const NAME_LENGTH_MIN = 24;

const COLUMNS: readonly Column[] = [
  { head: "requirements", align: "left", dispensable: 6, text: (run) => run.requirements.join(" ") },
  {
    head: "verdict",
    align: "left",
    dispensable: 0,
    text: (run) => (run.vacuous ? `${run.verdict} (vacuous)` : run.verdict),
    paint: (run, text, paint) => paint(verdictStyle(run.verdict), text),
  },
  { head: "seed", align: "right", dispensable: 5, text: (run) => String(run.seed) },
  { head: "events", align: "right", dispensable: 2, text: (run) => grouped(run.events) },
  { head: "virtual ms", align: "right", dispensable: 3, text: (run) => grouped(Math.round(run.virtualMs)) },
  { head: "wall ms", align: "right", dispensable: 1, text: (run) => grouped(Math.round(run.wallMs)) },
  { head: "faults", align: "right", dispensable: 0, text: faultsText },
  { head: "checks", align: "right", dispensable: 4, text: (run) => grouped(checkCount(run)) },
];

/**
 * The runs as a table, grouped by folder, no wider than `columns`: a narrow terminal gets fewer
 * columns, never cut-off text. `faults` is effective/injected.
 */
export function consoleTable(runs: readonly RunRecord[], columns: number, paint: Paint): string {
  const names = runs.map((run) => `  ${leafOf(run.id)}`);
  const nameLengthFull = Math.max("scenario".length, ...names.map((name) => name.length));
  const shown = fittingColumns(runs, columns - Math.min(nameLengthFull, NAME_LENGTH_MIN * 2));
  const widths = shown.map((column) => widthOf(column, runs));
  const rest = columns - widths.reduce((sum, width) => sum + width + GAP, 0);
  const nameLength = Math.max(NAME_LENGTH_MIN, Math.min(nameLengthFull, rest));

  const table = new Table({
    chars: NO_LINES,
    style: { "padding-left": 0, "padding-right": GAP, head: [], border: [], compact: true },
    colAligns: ["left", ...shown.map((column) => column.align)],
  });
  table.push([paint("dim", "scenario"), ...shown.map((column) => paint("dim", column.head))]);
  let folder: string | undefined;
  for (const run of runs) {
    if (folderOf(run.id) !== folder) {
      folder = folderOf(run.id);
      if (folder !== "") table.push([{ content: paint("bold", folder), colSpan: shown.length + 1 }]);
    }
    table.push([
      wrapName(`  ${leafOf(run.id)}`, nameLength),
      ...shown.map((column) => {
        const text = column.text(run);
        return column.paint === undefined ? text : column.paint(run, text, paint);
      }),
    ]);
  }
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};

function fittingColumns(runs: readonly RunRecord[], columns: number): Column[] {
  let shown = [...COLUMNS];
  for (;;) {
    const width = shown.reduce((sum, column) => sum + widthOf(column, runs) + GAP, 0);
    const next = Math.max(...shown.map((column) => column.dispensable));
    if (width <= columns || next === 0) return shown;
    shown = shown.filter((column) => column.dispensable !== next);
  }
}

function widthOf(column: Column, runs: readonly RunRecord[]): number {
  return Math.max(column.head.length, ...runs.map((run) => column.text(run).length));
}

/** Breaks after a hyphen where it can. */
function wrapName(name: string, lengthMax: number): string {
  const lines: string[] = [];
  let rest = name;
  while (rest.length > lengthMax) {
    const hyphen = rest.lastIndexOf("-", lengthMax - 1);
    const at = hyphen > 4 ? hyphen + 1 : lengthMax;
    lines.push(rest.slice(0, at));
    rest = `    ${rest.slice(at)}`;
  }
  return [...lines, rest].join("\n");
}

function faultsText(run: RunRecord): string {
  const injected = run.faults.reduce((sum, fault) => sum + fault.injected, 0);
  const effective = run.faults.reduce((sum, fault) => sum + fault.effective, 0);
  return injected === 0 ? "-" : `${effective}/${injected}`;
}

function checkCount(run: RunRecord): number {
  return INVARIANTS.reduce((sum, invariant) => sum + (run.checks[invariant] ?? 0), 0);
}

function folderOf(id: string): string {
  return id.includes("/") ? id.slice(0, id.lastIndexOf("/")) : "";
}

function leafOf(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** `1234567` as `1,234,567`, whatever the locale. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
