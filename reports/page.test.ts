import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PageInput, PageRun } from "../harness/history/page-input.ts";
import { resultsPage } from "./page.ts";
import { PAGE_ELEMENTS, type PageData } from "./page/page-data.ts";
import { readColumns } from "./page/run-columns.ts";
import { RunTable } from "./page/run-table.ts";
import { runRecord, runRecords } from "./run-records.fixture.ts";

const TEMPLATE = "<body><!-- data --><script>page</script></body>";

function input(fields: Partial<PageInput> = {}): PageInput {
  return {
    title: "two scenarios",
    engine: "0123456789abcdef",
    calledAs: "resilver",
    startedAt: "2026-01-31T11:00:00.000Z",
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

function unpacked(html: string, id: string): Buffer {
  return gunzipSync(Buffer.from(elementOf(html, id), "base64"));
}

function tableOf(html: string): RunTable {
  const data = JSON.parse(elementOf(html, PAGE_ELEMENTS.data)) as PageData;
  const bytes = Uint8Array.from(unpacked(html, PAGE_ELEMENTS.runs)).buffer;
  return new RunTable(data, readColumns(bytes, data.runCount, data.faultCount));
}

test("whatever runs say, the page holds it, and nothing of it ends the element that it is in", () => {
  fc.assert(
    fc.property(runRecords, (runs) => {
      const page = input({ runs });
      const html = resultsPage(TEMPLATE, page);
      expect(JSON.parse(unpacked(html, PAGE_ELEMENTS.plans).toString())).toEqual(page.plans);
      expect(html.endsWith("<script>page</script></body>")).toBe(true);
      const table = tableOf(html);
      expect(table.count).toBe(runs.length);
      for (const [index, run] of runs.entries()) {
        const { scenario, failures = [], ...row } = table.row(index);
        const text = JSON.parse(JSON.stringify(run)) as typeof run;
        expect(row).toMatchObject({ id: run.id, seed: run.seed, verdict: run.verdict, historyHash: run.historyHash });
        expect(scenario).toMatchObject({ name: text.scenario, requirements: run.requirements, world: run.world });
        expect(failures).toEqual(run.verdict === "SKIPPED" ? [] : text.failures);
      }
    }),
    { seed: 20261123, numRuns: 200 },
  );
});

test("runs stand in their order, whenever they ended, with faults and failures of their own", () => {
  const of = (seed: number, fields: Partial<PageRun> = {}): PageRun => ({
    ...runRecord({ id: `hunt/${seed}`, seed, faults: [] }),
    variant: 0,
    order: seed,
    ...fields,
  });
  const failure = { rule: "A", message: "lost", timeNs: 1, blame: [] } as const;
  const html = resultsPage(
    TEMPLATE,
    input({
      runs: [
        of(30, { faults: [{ kind: "cut", injected: 3, effective: 2 }] }),
        of(7, { verdict: "FAIL", failures: [failure], replay: "again" }),
        of(7, { id: "hunt/7+2", variant: 2, order: 7.002, faults: [{ kind: "crash", injected: 1, effective: 1 }] }),
      ],
    }),
  );
  const table = tableOf(html);
  expect([0, 1, 2].map((index) => table.row(index).id)).toEqual(["hunt/7", "hunt/7+2", "hunt/30"]);
  expect(table.row(0)).toMatchObject({ verdict: "FAIL", failures: [failure], replay: "again" });
  expect(table.find("hunt/7+2", undefined)?.variant).toBe(2);
  expect(table.find("hunt/8", undefined)).toBeUndefined();
  const faults: unknown[] = [];
  table.faultsOf(2, faults as Parameters<RunTable["faultsOf"]>[1]);
  expect(faults[table.kinds.indexOf("cut")]).toEqual({ injected: 3, effective: 2 });
  expect([...table.select("crash", undefined)]).toEqual([1]);
  expect([...table.select("hunt/30", undefined)]).toEqual([2]);
  expect([...table.select("", "FAIL")]).toEqual([0]);
});

test("several runs of one scenario are told apart by their seeds", () => {
  const table = tableOf(resultsPage(TEMPLATE, input({ runs: [runRecord({ seed: 1 }), runRecord({ seed: 2 })] })));
  const { id } = runRecord();
  expect(table.find(id, 2)?.index).toBe(1);
  expect(table.isOneOfSeveral(table.row(0))).toBe(true);
});

test("what was planned and did not run makes the page incomplete, and leaves what failed", () => {
  const pageOf = (runs: PageRun[], fields: Partial<PageInput> = {}): PageData =>
    JSON.parse(elementOf(resultsPage(TEMPLATE, input({ runs, ...fields })), PAGE_ELEMENTS.data)) as PageData;
  expect(pageOf([runRecord()])).toMatchObject({ isIncomplete: false, verdict: "PASS" });
  expect(pageOf([runRecord(), runRecord({ verdict: "SKIPPED" })])).toMatchObject({ isIncomplete: true });
  expect(pageOf([runRecord()], { unfinished: "killed" })).toMatchObject({ isIncomplete: true });
  expect(pageOf([runRecord({ verdict: "FAIL" })], { unfinished: "killed" }).verdict).toBe("FAIL");
});

test("a page that was built without a place for data is a mistake of ours", () => {
  expect(() => resultsPage("<body></body>", input())).toThrow("without a place");
});
