import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { CommandLineParts } from "./command-line-parts.ts";
import { fakeScenarios } from "./fixtures/fake-scenarios.ts";
import { DIES_AT, FAILS_AT } from "./fixtures/fake-seed.ts";
import { type HuntOptions, huntCommand, seedsFrom } from "./hunt-command.ts";
import { huntDocumentSchema } from "./hunt-document.ts";
import { huntMergeCommand } from "./hunt-merge.ts";

const SEEDS = { from: 3, to: 402 };

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "resilver-hunt-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function partsOf(said: string[], interrupt = new AbortController().signal): CommandLineParts {
  const nothing = (): never => {
    throw new Error("a hunt asks for no such report");
  };
  return {
    version: "0.0.0",
    calledAs: "resilver",
    scenarios: fakeScenarios,
    reports: { consoleReport: nothing, junitXml: nothing, resultDocument: nothing, resultJsonSchema: nothing },
    worker: { entry: new URL("./fixtures/worker.ts", import.meta.url), data: undefined },
    engineFolder: new URL("../../engine/", import.meta.url),
    schemas: new Map(),
    programs: [],
    terminal: {
      out: (text) => said.push(text),
      err: () => {},
      columns: 120,
      colour: false,
      interactive: false,
    },
    interrupt,
  };
}

async function hunt(options: Partial<HuntOptions>) {
  const said: string[] = [];
  const out = options.out ?? emptyFolder();
  const all: HuntOptions = {
    seeds: SEEDS,
    shard: { index: 1, of: 1 },
    corpus: false,
    json: true,
    workers: 1,
    timeoutMs: 60_000,
    ...options,
    out,
  };
  const exitCode = await huntCommand(partsOf(said), all);
  return { exitCode, out, document: huntDocumentSchema.parse(JSON.parse(said.join(""))) };
}

function merge(folders: readonly string[]) {
  const said: string[] = [];
  const exitCode = huntMergeCommand(partsOf(said), folders, true);
  return { exitCode, document: huntDocumentSchema.omit({ runs: true }).parse(JSON.parse(said.join(""))) };
}

test("the outcome is the same with one worker, two and three; failures are grouped, and can be replayed", async () => {
  const [one, two, three] = await Promise.all([1, 2, 3].map((workers) => hunt({ workers })));
  expect(one?.exitCode).toBe(1);
  expect(one?.document).toMatchObject({ verdict: "FAIL", status: "complete", failedCount: 8 });
  expect(one?.document.groups.map(({ fingerprint, count, seed }) => [fingerprint, count, seed])).toEqual([
    ["A after pair.duplex under cut", 4, String(FAILS_AT)],
    ["harness ERROR", 4, String(DIES_AT)],
  ]);
  expect(one?.document.groups[0]?.replay).toMatch(/^resilver replay \S+$/);
  for (const other of [two, three]) expect({ ...other?.document, wallMs: 0 }).toEqual({ ...one?.document, wallMs: 0 });
});

test("shards, merged, come to the same as the whole, hash for hash; a missing or a changed one is refused", async () => {
  const whole = await hunt({ workers: 2 });
  const shards = await Promise.all([1, 2, 3].map((index) => hunt({ shard: { index, of: 3 } })));
  const folders = shards.map(({ out }) => out);
  const merged = merge(folders);
  expect(merged.exitCode).toBe(1);
  const { runs: _runs, ...rest } = whole.document;
  expect({ ...merged.document, wallMs: 0 }).toEqual({ ...rest, wallMs: 0 });
  expect(() => merge(folders.slice(1))).toThrow("expected each of 1, 2, 3, once");
  expect(() => merge([folders[0] ?? "", ...folders])).toThrow("expected each of 1, 2, 3, once");
  const results = join(folders[1] ?? "", "results.jsonl");
  writeFileSync(results, readFileSync(results, "utf8").replace('"verdict":"FAIL"', '"verdict":"PASS"'));
  expect(() => merge(folders)).toThrow("outcome of results.jsonl");
});

test("an interrupt keeps the record, and the exit code says so", async () => {
  const out = emptyFolder();
  const interrupt = new AbortController();
  const watcher = watch(out, (_event, name) => {
    if (name === "results.jsonl") interrupt.abort();
  });
  onTestFinished(() => watcher.close());
  const said: string[] = [];
  const shard = { index: 1, of: 1 };
  const options = { minutes: 60, seeds: seedsFrom(0), shard, corpus: false, json: true, workers: 2, timeoutMs: 60_000 };
  expect(await huntCommand(partsOf(said, interrupt.signal), { ...options, out })).toBe(130);
  const document = huntDocumentSchema.parse(JSON.parse(readFileSync(join(out, "index.json"), "utf8")));
  expect(document.status).toBe("interrupted");
  expect(document.runCount).toBeGreaterThan(128);
  expect(readFileSync(join(out, "results.jsonl"), "utf8").trim().split("\n")).toHaveLength(document.runCount);
});
