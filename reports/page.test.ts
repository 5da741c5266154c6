import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PageCampaign, PageInput } from "../harness/history/page-input.ts";
import { campaignGates, gatesOf, resultsPage } from "./page.ts";
import { PAGE_ELEMENTS, type PageData } from "./page/page-data.ts";
import { runRecord, runRecords } from "./run-records.fixture.ts";

const TEMPLATE = "<body><!-- data --><script>page</script></body>";

function input(fields: Partial<PageInput> = {}): PageInput {
  return {
    title: "two scenarios",
    verdict: "PASS",
    engine: "0123456789abcdef",
    calledAs: "resilver",
    createdAt: "2026-01-31T12:00:00.000Z",
    runs: [runRecord()],
    requirements: [],
    environment: [],
    evidence: [],
    plans: { "folder/one": { steps: ["</script>"] } },
    ...fields,
  };
}

function elementOf(html: string, id: string): string {
  const found = new RegExp(`<script type="[^"]*" id="${id}">([^<]*)</script>`, "u").exec(html);
  return found?.[1] ?? "";
}

test("whatever runs say, the page holds it, and nothing of it ends the element that it is in", () => {
  fc.assert(
    fc.property(runRecords, (runs) => {
      const page = input({ runs });
      const html = resultsPage(TEMPLATE, page);
      const { gates: _gates, ...data } = JSON.parse(elementOf(html, PAGE_ELEMENTS.data)) as PageData;
      const { plans, ...rest } = page;
      expect(data).toEqual(JSON.parse(JSON.stringify({ schemaVersion: 1, ...rest })));
      const packed = Buffer.from(elementOf(html, PAGE_ELEMENTS.plans), "base64");
      expect(JSON.parse(gunzipSync(packed).toString())).toEqual(plans);
      expect(html.endsWith("<script>page</script></body>")).toBe(true);
    }),
  );
});

test("a page that was built without a place for data is a mistake of ours", () => {
  expect(() => resultsPage("<body></body>", input())).toThrow("without a place");
});

const verdictOf = (runs: Parameters<typeof gatesOf>[0], rule: RegExp): string | undefined =>
  gatesOf(runs).find((gate) => rule.test(gate.rule))?.verdict;

test("a rule that nothing was measured by is no pass, and one that was broken is told with its number", () => {
  expect(verdictOf([runRecord()], /^C /u)).toBe("PASS");
  expect(verdictOf([runRecord()], /^S /u)).toBe("NOT_APPLICABLE");
  expect(verdictOf([], /planned/u)).toBe("NOT_APPLICABLE");
  const broken = runRecord({ verdict: "FAIL", invariants: { C: "FAIL" } });
  const gate = gatesOf([runRecord(), broken]).find(({ rule }) => rule.startsWith("C "));
  expect(gate).toMatchObject({ verdict: "FAIL", measured: "broken in 1 runs, checked 4 times" });
});

test("a run that passes because a rule was broken, as it plants a mistake, breaks no rule", () => {
  const gate = gatesOf([runRecord({ invariants: { C: "FAIL" } })]).find(({ rule }) => rule.startsWith("C "));
  expect(gate?.verdict).toBe("PASS");
  expect(gate?.measured).toContain("in 1 that plant a mistake it was found");
});

test("a run that was planned and did not run, and a fault without effect, are seen", () => {
  expect(verdictOf([runRecord(), runRecord({ verdict: "SKIPPED" })], /planned/u)).toBe("FAIL");
  expect(verdictOf([runRecord({ verdict: "UNKNOWN", vacuous: true })], /effect/u)).toBe("UNKNOWN");
});

test("a hunt is judged by all of its runs; goals are told and not judged; faults without any effect leave it open", () => {
  const campaign: PageCampaign = {
    status: "complete",
    seeds: "0..9",
    generator: 1,
    outcome: "0",
    runCount: 10,
    derivedCount: 0,
    failedCount: 0,
    events: 1,
    wallMs: 1,
    goalCount: 3,
    neverReached: ["one"],
    reached: [],
    faults: [{ kind: "cut", injected: 4, effective: 1 }],
    corpus: { runCount: 8, unexpected: [] },
    groups: [],
  };
  const verdicts = (fields: Partial<PageCampaign>): string[] =>
    campaignGates({ ...campaign, ...fields }).map(({ verdict }) => verdict);
  expect(verdicts({})).toEqual(["PASS", "PASS", "PASS", "NOT_APPLICABLE"]);
  expect(verdicts({ failedCount: 1 })[0]).toBe("FAIL");
  expect(verdicts({ runCount: 0 })[0]).toBe("NOT_APPLICABLE");
  expect(verdicts({ corpus: { runCount: 8, unexpected: ["back"] } })[1]).toBe("FAIL");
  expect(verdicts({ faults: [{ kind: "cut", injected: 4, effective: 0 }] })[2]).toBe("UNKNOWN");
  expect(campaignGates(campaign)[3]?.measured).toBe("2 of 3 reached");
});
