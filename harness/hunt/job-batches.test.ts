import { expect, test } from "vitest";
import type { Batch } from "./blocks.ts";
import { JobBatches } from "./job-batches.ts";
import type { SeedKey, SeedResult } from "./seed-result.ts";

const NEVER = new AbortController().signal;

function keysOf(from: number, count: number): SeedKey[] {
  return Array.from({ length: count }, (_, at) => ({ seed: from + at, variant: 0 }));
}

function resultOf({ seed, variant }: SeedKey): SeedResult {
  const about = { verdict: "PASS", historyHash: String(seed), events: 1 } as const;
  return { seed, variant, ...about, fingerprints: [], reached: [], faults: [], recovery: [] };
}

function batchOf(jobs: JobBatches): Batch {
  const batch = jobs.next();
  if (batch === undefined) throw new Error("no batch");
  return batch;
}

test("a job is done when all of its runs are, in the order of its seeds, whoever was first", async () => {
  const jobs = new JobBatches();
  const first = jobs.add(keysOf(0, 10), 7000, NEVER);
  const second = jobs.add(keysOf(10, 2), 9000, NEVER);
  const batches = [batchOf(jobs), batchOf(jobs), batchOf(jobs)];
  expect(batches.map(({ keys, seedMsMax }) => [keys.length, seedMsMax])).toEqual([
    [8, 7000],
    [2, 7000],
    [2, 9000],
  ]);
  expect(jobs.next()).toBeUndefined();
  for (const { block, keys } of batches.toReversed()) for (const key of keys) jobs.done(block, resultOf(key));
  expect((await second)?.map(({ seed }) => seed)).toEqual([10, 11]);
  expect((await first)?.map(({ seed }) => seed)).toEqual(keysOf(0, 10).map(({ seed }) => seed));
});

test("a job that is lost has no results; those that still come of it are ignored", async () => {
  const jobs = new JobBatches();
  const lost = new AbortController();
  const job = jobs.add(keysOf(0, 20), 1000, lost.signal);
  const { block, keys } = batchOf(jobs);
  lost.abort();
  expect(await job).toBeUndefined();
  for (const key of keys) jobs.done(block, resultOf(key));
  jobs.putBack({ block, keys });
  expect(jobs.next()).toBeUndefined();
  expect(await jobs.add(keysOf(0, 1), 1000, lost.signal)).toBeUndefined();
});

test("another job is wanted when few runs are left; who waits for more hears of a new one, and of the end", async () => {
  const jobs = new JobBatches();
  await jobs.wants(8);
  const job = jobs.add(keysOf(0, 24), 1000, NEVER);
  const order: string[] = [];
  const wanted = jobs.wants(8).then(() => order.push("wanted"));
  batchOf(jobs);
  await Promise.resolve();
  order.push("16 left");
  batchOf(jobs);
  await wanted;
  expect(order).toEqual(["16 left", "wanted"]);
  const more = jobs.more();
  void jobs.add(keysOf(50, 1), 1000, NEVER);
  await more;
  const last = jobs.more();
  jobs.end();
  await last;
  expect(await job).toBeUndefined();
  expect(jobs.more()).toBeUndefined();
  expect(await jobs.add(keysOf(60, 1), 1000, NEVER)).toBeUndefined();
});
