import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mergeVerdicts } from "../history/verdict.ts";
import { BLOCK_SEEDS } from "../hunt/blocks.ts";
import { neverReached } from "../hunt/campaign-tally.ts";
import { OutcomeHash } from "../hunt/outcome.ts";
import { keyText } from "../hunt/seed-result.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { exitCodeOf } from "./exit-code.ts";
import {
  type HuntDocument,
  type HuntGroup,
  huntDocumentSchema,
  type HuntLine,
  huntLineSchema,
} from "./hunt-document.ts";
import { huntText } from "./hunt-report.ts";
import { linesOf } from "./json-lines.ts";
import { CAMPAIGN_FILES } from "./out-directory.ts";
import { UsageError } from "./usage-error.ts";

interface ShardRecord {
  readonly folder: string;
  readonly document: Omit<HuntDocument, "runs">;
  readonly lines: readonly HuntLine[];
}

/**
 * Joins the records of shards, after a proof that they are those of one campaign, disjoint and complete: then the outcome
 * is that of the campaign without shards, to the last bit.
 *
 * @returns the exit code
 * @throws UsageError if anything does not fit
 */
export function huntMergeCommand(parts: CommandLineParts, folders: readonly string[], json: boolean): number {
  const shards = folders.map(readShard);
  const [first] = shards;
  if (first === undefined) throw new Error("no folder");
  for (const shard of shards) requireSame(first, shard);
  requireAllShards(shards);
  const { from, to } = first.document.seeds;
  const lines = joined(shards, from, to);
  const hash = new OutcomeHash();
  for (const line of lines) hash.add(line);
  const documents = shards.map(({ document }) => document);
  const reached = sumOf(documents.map((document) => document.reached));
  const document: Omit<HuntDocument, "runs"> = {
    ...first.document,
    shard: { index: 1, of: 1 },
    verdict: mergeVerdicts(documents.map(({ verdict }) => verdict)),
    outcome: hash.digest(),
    runCount: lines.length,
    derivedCount: lines.filter(({ variant }) => variant > 0).length,
    failedCount: lines.filter(({ verdict }) => verdict !== "PASS").length,
    events: documents.reduce((sum, { events }) => sum + events, 0),
    groups: mergedGroups(documents),
    neverReached: neverReached(new Map(Object.entries(reached))),
    reached,
    faults: mergedFaults(documents),
    corpus: {
      runCount: documents.reduce((sum, { corpus }) => sum + corpus.runCount, 0),
      skippedCount: documents.reduce((sum, { corpus }) => sum + corpus.skippedCount, 0),
      unexpected: [...new Set(documents.flatMap(({ corpus }) => corpus.unexpected))],
    },
    wallMs: Math.max(...documents.map(({ wallMs }) => wallMs)),
  };
  parts.terminal.out(json ? `${JSON.stringify(document, null, 2)}\n` : huntText(document, folders.join(", ")));
  return exitCodeOf(document.verdict);
}

function readShard(folder: string): ShardRecord {
  const index = join(folder, "index.json");
  try {
    const document = huntDocumentSchema.omit({ runs: true }).parse(JSON.parse(readFileSync(index, "utf8")));
    const lines = [...linesOf(join(folder, CAMPAIGN_FILES.history))];
    return { folder, document, lines: lines.map((line) => huntLineSchema.parse(JSON.parse(line))) };
  } catch (error) {
    throw new UsageError(
      { place: folder, found: "no record of a hunt that can be read", expected: "index.json and history.jsonl of one" },
      { cause: error },
    );
  }
}

function requireSame(first: ShardRecord, { folder, document, lines }: ShardRecord): void {
  const { generator, engine, seeds, shard, status } = document;
  const require = (what: string, found: string, expected: string): void => {
    if (found !== expected) throw new UsageError({ place: `${folder}: ${what}`, found, expected });
  };
  require("status", status, "complete");
  require("generator", String(generator), String(first.document.generator));
  require("engine", engine, first.document.engine);
  require("seeds", `${seeds.from}..${seeds.to}`, `${first.document.seeds.from}..${first.document.seeds.to}`);
  require("number of shards", String(shard.of), String(first.document.shard.of));
  const hash = new OutcomeHash();
  for (const line of inOrder(lines, seeds.from)) hash.add(line);
  require("outcome of history.jsonl", hash.digest(), document.outcome);
}

function requireAllShards(shards: readonly ShardRecord[]): void {
  const of = shards[0]?.document.shard.of ?? 1;
  const found = shards.map(({ document }) => document.shard.index).toSorted((a, b) => a - b);
  const expected = Array.from({ length: of }, (_, index) => index + 1);
  if (found.join() !== expected.join())
    throw new UsageError({
      place: "shards",
      found: found.join(", "),
      expected: `each of ${expected.join(", ")}, once`,
    });
}

/** Every seed once, in the order of the campaign without shards: by block, its seeds, then what is derived from them. */
function joined(shards: readonly ShardRecord[], from: number, to: number): HuntLine[] {
  const seen = new Set<string>();
  for (const { folder, lines } of shards)
    for (const line of lines) {
      const key = keyText(line);
      if (line.seed < from || line.seed > to)
        throw new UsageError({ place: folder, found: `seed ${key}`, expected: `seeds ${from}..${to}` });
      if (seen.has(key))
        throw new UsageError({ place: folder, found: `seed ${key} again`, expected: "each seed once" });
      seen.add(key);
    }
  for (let seed = from; seed <= to; seed++)
    if (!seen.has(String(seed)))
      throw new UsageError({ place: "results", found: `no result of seed ${seed}`, expected: `seeds ${from}..${to}` });
  return inOrder(
    shards.flatMap(({ lines }) => lines),
    from,
  );
}

/** Lines come as runs end; results are joined by block: its seeds, then what is derived from them. */
function inOrder(lines: readonly HuntLine[], from: number): HuntLine[] {
  const blockOf = ({ seed }: HuntLine): number => Math.floor((seed - from) / BLOCK_SEEDS);
  const isDerived = ({ variant }: HuntLine): number => Number(variant > 0);
  return lines.toSorted(
    (a, b) => blockOf(a) - blockOf(b) || isDerived(a) - isDerived(b) || a.seed - b.seed || a.variant - b.variant,
  );
}

function mergedGroups(documents: readonly Pick<HuntDocument, "groups">[]): HuntGroup[] {
  const groups = new Map<string, HuntGroup>();
  for (const group of documents.flatMap((document) => document.groups)) {
    const before = groups.get(group.fingerprint);
    groups.set(group.fingerprint, before === undefined ? group : { ...before, count: before.count + group.count });
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : 1));
}

function mergedFaults(documents: readonly Pick<HuntDocument, "faults">[]): HuntDocument["faults"] {
  const injected = sumOf(
    documents.map(({ faults }) => Object.fromEntries(faults.map((one) => [one.kind, one.injected]))),
  );
  const effective = sumOf(
    documents.map(({ faults }) => Object.fromEntries(faults.map((one) => [one.kind, one.effective]))),
  );
  return Object.keys(injected).map((kind) => ({
    kind,
    injected: injected[kind] ?? 0,
    effective: effective[kind] ?? 0,
  }));
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const one of all) for (const [name, value] of Object.entries(one)) sums.set(name, (sums.get(name) ?? 0) + value);
  return Object.fromEntries([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
