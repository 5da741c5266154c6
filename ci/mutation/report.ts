import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { FileResult, MutantResult, MutationTestResult } from "mutation-testing-report-schema/api";
import type { Sources } from "./core-files.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { isDetected, type Mutant } from "./mutant.ts";
import { type Interval, interval } from "./sample.ts";
import { type Reason, reasonOf } from "./survivors.ts";

/** The bar of the project. */
const KILLED_BAR = 0.85;

export interface Findings {
  /** All of the files, those that are left out as well. */
  readonly mutants: readonly Mutant[];
  /** Those of the files asked for that are not left out. */
  readonly population: readonly Mutant[];
  /** Those of them that were to be tried. */
  readonly chosen: readonly Mutant[];
  readonly sources: Sources;
  readonly ledger: Ledger;
  readonly reasons: readonly Reason[];
}

/** What a campaign comes to. */
export interface Summary {
  readonly mutants: number;
  /** Left out. */
  readonly ignored: number;
  readonly population: number;
  readonly chosen: number;
  readonly tried: number;
  readonly killed: number;
  readonly timeouts: number;
  readonly survived: number;
  /** Of the survivors without a reason, those that were given little time so far; a later run goes on with them. */
  readonly unsettled: number;
  readonly uncovered: number;
  /** Survivors and uncovered ones that a reason is written down for. */
  readonly reasoned: number;
  /** Of the tried. */
  readonly share: number;
  /** Of the population, with a confidence of 95 %; the share itself if all were tried. */
  readonly interval: Interval;
}

export function summary({ mutants, population, chosen, ledger, reasons }: Findings): Summary {
  const entries = chosen.flatMap((mutant) => {
    const entry = ledger.of(mutant);
    return entry === undefined ? [] : [{ mutant, entry }];
  });
  const count = (fate: Entry["fate"]): number => entries.filter(({ entry }) => entry.fate === fate).length;
  const tried = entries.length;
  const detected = count("killed") + count("timeout");
  const share = tried === 0 ? 0 : detected / tried;
  const ignored = mutants.filter((mutant) => mutant.ignored !== "").length;
  return {
    mutants: mutants.length,
    ignored,
    population: population.length,
    chosen: chosen.length,
    tried,
    killed: count("killed"),
    timeouts: count("timeout"),
    survived: count("survived"),
    unsettled: entries.filter(
      ({ mutant, entry }) =>
        entry.fate === "survived" && entry.tried === "first" && reasonOf(mutant, reasons) === undefined,
    ).length,
    uncovered: count("uncovered"),
    reasoned: entries.filter(({ mutant, entry }) => !isDetected(entry.fate) && reasonOf(mutant, reasons) !== undefined)
      .length,
    share,
    interval: tried === population.length ? { from: share, to: share } : interval(detected, tried),
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Some lines for a person. */
export function told(found: Summary): string {
  const { population, ignored, tried, killed, timeouts, survived, unsettled, uncovered, reasoned, share, interval } =
    found;
  const open = unsettled === 0 ? "" : ` (${unsettled} of them were not tried on all tests yet)`;
  const isWhole = tried === population;
  const of = isWhole ? `all ${population} mutants` : `a sample of ${tried} of ${population} mutants`;
  const bounds = isWhole ? "" : `, 95 % interval ${percent(interval.from)} to ${percent(interval.to)}`;
  return [
    `killed ${percent(share)} of ${of}${bounds}`,
    `killed ${killed}, timeout ${timeouts}, survived ${survived}${open}, met by no test ${uncovered}`,
    `${reasoned} of the ${survived + uncovered} that are left have a reason; ${ignored} places are left out`,
  ].join("\n");
}

/** Writes `mutants.json`, by the schema of mutation-testing-elements, `index.html` and `survivors.md`. */
export function writeReport(folder: string, findings: Findings): void {
  const { mutants, sources, ledger, reasons } = findings;
  mkdirSync(folder, { recursive: true });
  const files: Record<string, FileResult> = {};
  for (const [file, source] of sources) files[file] = { language: "typescript", source, mutants: [] };
  for (const mutant of mutants) files[mutant.file]?.mutants.push(resultOf(mutant, ledger.of(mutant), reasons));
  const report: MutationTestResult = {
    schemaVersion: "2.0",
    thresholds: { high: KILLED_BAR * 100, low: 70 },
    files,
    framework: { name: "StrykerJS's mutators, run by resilver" },
  };
  const json = JSON.stringify(report);
  writeFileSync(path.join(folder, "mutants.json"), json);
  writeFileSync(path.join(folder, "summary.json"), `${JSON.stringify(summary(findings), null, 2)}\n`);
  writeFileSync(path.join(folder, "index.html"), page(json));
  writeFileSync(path.join(folder, "survivors.md"), survivorList(findings));
}

function resultOf(mutant: Mutant, entry: Entry | undefined, reasons: readonly Reason[]): MutantResult {
  const { id, mutator, replacement, location, ignored } = mutant;
  const base = { id, mutatorName: mutator, replacement, location };
  if (ignored !== "") return { ...base, status: "Ignored", statusReason: ignored };
  if (entry === undefined) return { ...base, status: "Pending" };
  const { ms, killer, failure } = entry;
  const known = { ...base, duration: ms };
  switch (entry.fate) {
    case "killed":
      return { ...known, status: "Killed", statusReason: `${killer}: ${failure}` };
    case "timeout":
      return { ...known, status: "Timeout", statusReason: killer };
    case "survived":
    case "uncovered": {
      const status = entry.fate === "survived" ? "Survived" : "NoCoverage";
      return { ...known, status, statusReason: reasonOf(mutant, reasons)?.reason ?? "no reason is written down" };
    }
  }
}

function page(json: string): string {
  const script = import.meta.resolve("mutation-testing-elements/dist/mutation-test-elements.js");
  const elements = readFileSync(new URL(script), "utf8");
  // A "<" in the source must not end the script that holds it.
  const data = json.replaceAll("<", "\\u003c");
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>resilver: mutants</title><script>${elements}</script></head>
<body><mutation-test-report-app title-postfix="resilver"></mutation-test-report-app>
<script>document.querySelector("mutation-test-report-app").report = ${data};</script></body>
</html>
`;
}

function survivorList({ chosen, ledger, reasons }: Findings): string {
  const lines = chosen.flatMap((mutant) => {
    const entry = ledger.of(mutant);
    if (entry === undefined || isDetected(entry.fate)) return [];
    const reason = reasonOf(mutant, reasons);
    const { file, location, mutator, original, replacement } = mutant;
    const { line, column } = location.start;
    const why = reason === undefined ? `${entry.fate}: NO REASON` : `${reason.kind}: ${reason.reason}`;
    return [`- ${file}:${line}:${column} ${mutator} \`${oneLine(original)}\` → \`${oneLine(replacement)}\` (${why})`];
  });
  return `${lines.sort().join("\n")}\n`;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 117)}…` : line;
}
