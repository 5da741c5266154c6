import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { TraceDirectory } from "../trace/trace-directory.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import { TraceVolume } from "../trace/trace-volume.ts";
import { firstDifference } from "../world/sim/disk/index.ts";
import { denseContent, viewContent } from "./content.ts";
import type { Judgement } from "./judgement.ts";
import { Oracle, type Question } from "./oracle.ts";

const SHIPPED = new URL("../../scenarios/traces", import.meta.url).pathname;
const trace = await new TraceDirectory(SHIPPED).load("ext4-sqlite");
const scratchParent = mkdtempSync(join(tmpdir(), "resilver-oracle-test-"));
const oracle = new Oracle();
afterAll(() => {
  oracle.close();
  rmSync(scratchParent, { recursive: true });
});

const SQLITE_MAGIC = "SQLite format 3\0";

const ask = (required: boolean): Question => ({
  fileSystem: "ext4",
  sqlite: { path: "/bank.db", table: "account", required },
});

/** The volume after the first `entryCount` entries, without one of them if so told. */
function prefix(of: LoadedTrace, entryCount: number, leftOutIndex = -1): TraceVolume {
  const volume = new TraceVolume(of.info.volumeBytes);
  for (const entry of of.entries.slice(0, entryCount)) if (entry.index !== leftOutIndex) volume.apply(entry);
  return volume;
}

const dense = (volume: TraceVolume): Uint8Array => volume.peek(0, volume.sizeBytes);

const outcomes = (judgements: readonly Judgement[]): string[] => judgements.map(({ outcome }) => outcome);
const judgePrefix = async (entryCount: number, required = true): Promise<readonly Judgement[]> =>
  oracle.judge(oracle.capture(viewContent(prefix(trace, entryCount))), ask(required));

test("prefixes of the SQLite trace are accepted, at flushes and between them", async () => {
  const counts = trace.entries.map(({ index }) => index + 1).filter((count) => count >= 50);
  const atFlush = counts.filter((count) => trace.entries[count - 1]?.flush === true);
  const between = counts.filter((count) => trace.entries[count - 1]?.flush === false);
  const sample = [atFlush, between].flatMap((kind) => kind.filter((_, at) => at % Math.floor(kind.length / 7) === 0));
  const verdicts = await Promise.all(sample.map(async (count) => [count, ...outcomes(await judgePrefix(count))]));
  expect(verdicts).toEqual(sample.map((count) => [count, "accepted", "accepted"]));
  expect(sample.length).toBeGreaterThanOrEqual(14);
});

test("the catalogue says from where on there is a file system and a table", async () => {
  const fileSystemFrom = trace.info.fileSystem.fromEntryCount;
  const tableFrom = trace.info.sqlite?.fromEntryCount ?? 0;
  expect(outcomes(await judgePrefix(fileSystemFrom - 1))).toEqual(["refused", "unknown"]);
  expect((await judgePrefix(fileSystemFrom, false))[1]).toMatchObject({
    outcome: "accepted",
    why: "/bank.db does not exist yet",
  });
  expect((await judgePrefix(fileSystemFrom))[1]).toMatchObject({
    outcome: "refused",
    why: "/bank.db does not exist, and it must",
  });
  expect((await judgePrefix(tableFrom - 1))[1]?.why).toBe("table account does not exist, and it must");
  expect(outcomes(await judgePrefix(tableFrom))).toEqual(["accepted", "accepted"]);
});

/** Of about 30 sampled writes, each left out of a prefix that ends so many entries later: which judge refused how many. */
async function leaveOutWrites(cutAfterEntries: number): Promise<Readonly<Record<string, number>>> {
  const writes = trace.entries.filter(({ index, data }) => index >= 60 && index < 1600 && data.length > 0);
  const sample = writes.filter((_, at) => at % Math.floor(writes.length / 30) === 0);
  const count = { sampled: sample.length, bytes: 0, e2fsck: 0, sqlite: 0, any: 0 };
  await Promise.all(
    sample.map(async ({ index }) => {
      const entryCount = index + 1 + cutAfterEntries;
      const wrong = prefix(trace, entryCount, index);
      const judging = oracle.judge(oracle.capture(viewContent(wrong)), ask(true));
      const byBytes = firstDifference(prefix(trace, entryCount), wrong) !== -1;
      const [byE2fsck, bySqlite] = outcomes(await judging).map((outcome) => outcome === "refused");
      if (byBytes) count.bytes++;
      if (byE2fsck === true) count.e2fsck++;
      if (bySqlite === true) count.sqlite++;
      if (byBytes || byE2fsck === true || bySqlite === true) count.any++;
    }),
  );
  console.log(`one write left out, cut ${cutAfterEntries} entries later, refused by: ${JSON.stringify(count)}`);
  return count;
}

test("a volume that lacks the write before the last is refused every time, by its bytes", async () => {
  const count = await leaveOutWrites(1);
  expect(count).toMatchObject({ bytes: count["sampled"], any: count["sampled"] });
});

test("a volume that lacks an older write is refused by the programs too, now and then", async () => {
  // Most left-out writes were journal blocks: recovery ends before them, in a state that is older but sound.
  const count = await leaveOutWrites(100);
  expect(count["sqlite"]).toBeGreaterThan(0);
  expect(count["any"]).toBeGreaterThan(0.5 * (count["sampled"] ?? 0));
});

test.each([
  // A count of free pages that no page backs, and no longer a database at all.
  ["a damaged page of the database", 39, /^integrity_check: .*freelist/i],
  ["a destroyed header of the database", 0, /^SQLite: file is not a database$/],
])("%s is refused by SQLite though the file system is sound", async (_, headerOffsetBytes, why) => {
  const bytes = dense(prefix(trace, trace.info.entryCount));
  const text = Buffer.from(bytes.buffer);
  let copies = 0;
  for (let at = text.indexOf(SQLITE_MAGIC); at >= 0; at = text.indexOf(SQLITE_MAGIC, at + 1)) {
    bytes[at + headerOffsetBytes] = (bytes[at + headerOffsetBytes] ?? 0) ^ 1;
    copies++;
  }
  expect(copies).toBeGreaterThan(0);
  const judgements = await oracle.judge(oracle.capture(denseContent(bytes)), ask(true));
  expect(outcomes(judgements)).toEqual(["accepted", "refused"]);
  expect(judgements[1]?.why).toMatch(why);
  expect(await oracle.judge(oracle.capture(denseContent(bytes)), ask(true))).toEqual(judgements);
});

test("damaged metadata is refused by e2fsck in one line", async () => {
  const bytes = dense(prefix(trace, trace.info.entryCount));
  // The group descriptors, behind the first block.
  bytes.fill(0xa5, 4096, 8192);
  const [judgement] = await oracle.judge(oracle.capture(denseContent(bytes)), { fileSystem: "ext4" });
  expect(judgement?.outcome).toBe("refused");
  expect(judgement?.why).toMatch(/^exit \d+: \S.*$/);
});

test("content that could not be written is unknown, with the remedy", async () => {
  const closed = new Oracle({ scratchParent });
  closed.close();
  const judgements = await closed.judge(closed.capture(denseContent(new Uint8Array(512))), ask(true));
  expect(judgements).toMatchObject([
    { judge: "e2fsck", outcome: "unknown", why: "no image could be written: ENOENT" },
    { judge: "sqlite", outcome: "unknown" },
  ]);
  expect(judgements.every(({ remedy }) => remedy.includes("free space"))).toBe(true);
});

test("an image is gone once it is judged, and at most as many as told are judged at once", async () => {
  const one = new Oracle({ scratchParent, atOnceMax: 1 });
  const images = [0, 1, 2].map(() => one.capture(denseContent(new Uint8Array(64 * 1024))));
  const order: number[] = [];
  await Promise.all(
    images.map(async (image, index) => {
      await one.judge(image, { fileSystem: "ext4" });
      order.push(index);
      expect(images.map(({ imagePath }) => existsSync(imagePath))).toEqual([0, 1, 2].map((at) => at > index));
    }),
  );
  expect(order).toEqual([0, 1, 2]);
  one.close();
  expect(readdirSync(scratchParent)).toEqual([]);
});
