import fc from "fast-check";
import { expect, test } from "vitest";
import type { CampaignSummary } from "../harness/history/campaign-summary.ts";
import { INVARIANTS, VERDICTS } from "../harness/history/run-record.ts";
import { openMetrics } from "./open-metrics.ts";

const count = fc.nat();
const summaries: fc.Arbitrary<CampaignSummary> = fc.record({
  schemaVersion: fc.constant(1 as const),
  date: fc.constant("2026-01-31T12:00:00.000Z"),
  command: fc.constantFrom("run", "hunt"),
  version: fc.string({ unit: "binary" }),
  engine: fc.constantFrom("0123", 'a"b\\c\nd'),
  verdict: fc.constantFrom(...VERDICTS),
  isComplete: fc.boolean(),
  runs: fc.constant({ PASS: 3, FAIL: 1 }),
  events: count,
  wallMs: count,
  virtualMs: count,
  faults: fc.uniqueArray(fc.record({ kind: fc.constantFrom("cut", "crash"), injected: count, effective: count }), {
    selector: ({ kind }) => kind,
  }),
  invariants: fc.constant(INVARIANTS.map((invariant) => ({ invariant, checks: 2, broken: 0 }))),
  failureGroups: count,
});

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const LINES = {
  help: new RegExp(`^# HELP (?<name>${NAME}) .*$`, "u"),
  type: new RegExp(`^# TYPE (?<name>${NAME}) gauge$`, "u"),
  sample: new RegExp(
    String.raw`^(?<name>${NAME})(?<labels>\{${LABEL}(?:,${LABEL})*\})? -?\d+(?:\.\d+)?(?:e[+-]?\d+)?$`,
    "u",
  ),
};

test("the file is OpenMetrics: one family after the other, each with its type before its samples, none twice, and an end", async () => {
  await fc.assert(
    fc.asyncProperty(summaries, async (summary) => {
      const text = await openMetrics(summary);
      expect(text.endsWith("\n# EOF\n")).toBe(true);
      const lines = text.split("\n").slice(0, -2);
      const families = new Set<string>();
      const samples = new Set<string>();
      let family = "";
      for (const line of lines) {
        const help = LINES.help.exec(line)?.groups?.["name"];
        if (help !== undefined) {
          expect(families).not.toContain(help);
          families.add(help);
          family = help;
          continue;
        }
        const groups = (LINES.type.exec(line) ?? LINES.sample.exec(line))?.groups;
        expect(groups, line).toBeDefined();
        expect(groups?.["name"]).toBe(family);
        if (line.startsWith("#")) continue;
        const sample = `${family}${groups?.["labels"] ?? ""}`;
        expect(samples).not.toContain(sample);
        samples.add(sample);
      }
      expect(families.size).toBeGreaterThan(8);
    }),
    { seed: 20261126, numRuns: 100 },
  );
});

test("what a pass is: it passed, and all that was planned ran", async () => {
  const [summary] = fc.sample(summaries, { seed: 1, numRuns: 1 });
  if (summary === undefined) throw new Error("no sample");
  const passed = async (fields: Partial<CampaignSummary>): Promise<string | undefined> =>
    /^resilver_campaign_passed (?<value>\d)$/mu.exec(await openMetrics({ ...summary, ...fields }))?.groups?.["value"];
  expect(await passed({ verdict: "PASS", isComplete: true })).toBe("1");
  expect(await passed({ verdict: "PASS", isComplete: false })).toBe("0");
  expect(await passed({ verdict: "UNKNOWN", isComplete: true })).toBe("0");
});
