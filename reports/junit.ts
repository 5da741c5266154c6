import { create } from "xmlbuilder2";
import type { RunRecord, Verdict } from "../harness/history/run-record.ts";
import { className, uniqueNames, whereOf } from "./case-names.ts";
import { failureText, failureTitle, idleFaults } from "./failure-text.ts";

// GitLab takes files below 30 MB, and escaping makes text up to five times as long ("&amp;").
const TEXT_LENGTH_MAX = 4 * 1024 * 1024;
const CASE_TEXT_LENGTH_MAX = 64 * 1024;
const MESSAGE_LENGTH_MAX = 1024;

export interface JUnitOptions {
  /** The command that runs a token again. */
  readonly replayCommand: (token: string) => string;
}

type Outcome = "passed" | "failure" | "error" | "skipped";

const OUTCOMES: Readonly<Record<Verdict, Outcome>> = {
  PASS: "passed",
  FAIL: "failure",
  ERROR: "error",
  // Undecided is not passed, and both GitLab and Jenkins know nothing between.
  UNKNOWN: "error",
  SKIPPED: "skipped",
  NOT_APPLICABLE: "skipped",
  WAIVED: "skipped",
};

/**
 * JUnit XML that GitLab and Jenkins read: one suite a folder of scenarios, one case a run, in the
 * order of `runs`. The pair of `classname` and `name` is unique, because GitLab drops duplicates.
 */
export function junitXml(runs: readonly RunRecord[], options: JUnitOptions): string {
  const suites = groupBySuite(runs);
  const names = uniqueNames(runs);
  const textLengthMax = Math.min(CASE_TEXT_LENGTH_MAX, Math.floor(TEXT_LENGTH_MAX / Math.max(1, runs.length)));
  // A control character would make the whole file unreadable for every consumer.
  const document = create({ version: "1.0", encoding: "UTF-8", invalidCharReplacement: "\ufffd" });
  // That schema counts what was skipped in a suite alone.
  const { skipped: _skipped, ...all } = totals(runs);
  const root = document.ele("testsuites", { name: "resilver", ...all });
  for (const [name, members] of suites) {
    const suite = root.ele("testsuite", { name, package: name, ...totals(members) });
    for (const run of members) {
      const testCase = suite.ele("testcase", {
        classname: className(run),
        name: names.get(run) ?? run.scenario,
        time: seconds(run.wallMs),
      });
      addOutcome(testCase, run, options, textLengthMax);
      addFacts(testCase, run);
    }
  }
  return `${document.end({ prettyPrint: true })}\n`;
}

type Element = ReturnType<ReturnType<typeof create>["ele"]>;

/** As text: the schema of Jenkins's xunit plugin knows no properties of a case, and refuses a file that has some. */
function addFacts(testCase: Element, run: RunRecord): void {
  const facts = [
    ["id", run.id],
    ["seed", String(run.seed)],
    ["world", run.world],
    ["target", run.target ?? ""],
    ["verdict", run.verdict],
    ["requirements", run.requirements.join(" ")],
    ["history", run.historyHash],
    ["replay", run.replay],
  ] as const;
  const told = facts.filter(([, value]) => value !== "").map(([name, value]) => `${name}: ${value}\n`);
  testCase.ele("system-out").txt(told.join(""));
}

function addOutcome(testCase: Element, run: RunRecord, options: JUnitOptions, textLengthMax: number): void {
  const outcome = OUTCOMES[run.verdict];
  if (outcome === "passed") return;
  const first = run.failures[0];
  const message = shorten(
    first === undefined ? reasonWithoutFailure(run) : firstLine(failureTitle(first)),
    MESSAGE_LENGTH_MAX,
  );
  if (outcome === "skipped") {
    testCase.ele("skipped", { message: `${run.verdict}: ${message}` });
    return;
  }
  const text = shorten(failureText(run, options.replayCommand(run.replay)), textLengthMax);
  testCase.ele(outcome, { message, type: first?.rule ?? (run.vacuous ? "vacuous" : run.verdict) }).txt(text);
}

function reasonWithoutFailure(run: RunRecord): string {
  const oracle = run.oracles.find((record) => record.verdict !== "PASS");
  if (oracle !== undefined) return `${oracle.oracle}: ${oracle.detail}`;
  return run.vacuous ? `no effect was seen of ${idleFaults(run)}` : `the verdict is ${run.verdict}`;
}

function groupBySuite(runs: readonly RunRecord[]): Map<string, RunRecord[]> {
  const suites = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const name = `${whereOf(run)}.${run.id.split("/").slice(0, -1).join(".")}`.replace(/\.$/, "");
    const members = suites.get(name);
    if (members === undefined) suites.set(name, [run]);
    else members.push(run);
  }
  return suites;
}

function totals(runs: readonly RunRecord[]): Record<string, string> {
  const count = (outcome: Outcome): string => String(runs.filter((run) => OUTCOMES[run.verdict] === outcome).length);
  return {
    tests: String(runs.length),
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
    time: seconds(runs.reduce((sum, run) => sum + run.wallMs, 0)),
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function shorten(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const note = `… (${text.length} characters, cut here)`;
  // Half of a surrogate pair may be left at the cut; it is replaced like any invalid character.
  return text.slice(0, Math.max(0, lengthMax - note.length)) + note;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
