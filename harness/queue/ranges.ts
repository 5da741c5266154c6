import { z } from "zod";
import { OutcomeHash } from "../hunt/outcome.ts";
import type { SeedResult } from "../hunt/seed-result.ts";
import type { Database, Sql } from "./database.ts";
import type { HeldJob, Job } from "./jobs.ts";
import { rangeResults, rangeRows, resultRowSchema } from "./range-rows.ts";
import { SCHEMA } from "./tables.ts";

/** Ranges read at a time. */
const READ_MAX = 64;

/** A job that is done. */
export interface DoneRange {
  readonly number: number;
  readonly results: readonly SeedResult[];
  /** Two workers had it, and not the same results. */
  readonly disputed: boolean;
}

/** `stored`; or the job had become another worker's, so it was not. */
export type StoreEnd = "stored" | "late";

/**
 * Stores the results of a job and ends it, in one transaction: only whose turn it is stores anything. Of whoever comes
 * late nothing is kept, but that its results were others than those that are there, which should not be.
 */
export async function storeRange(
  database: Database,
  worker: string,
  { id, retryCount, job }: HeldJob,
  results: readonly SeedResult[],
): Promise<StoreEnd> {
  return database.transaction(async (db) => {
    const ended = await database.boss.complete(database.queue, { id, retryCount }, null, { db });
    if (endedSchema.parse(ended).affected === 1) {
      await insertRange(db, worker, job, results);
      return "stored";
    }
    await db.executeSql(
      `update ${SCHEMA}.range set disputed = true where campaign = $1 and number = $2 and outcome <> $3`,
      [job.campaign, job.number, outcomeOf(results)],
    );
    return "late";
  });
}

/** Stores results of a job that is nobody's. */
export async function storeForNobody(database: Database, job: Job, results: readonly SeedResult[]): Promise<void> {
  await database.transaction((db) => insertRange(db, "nobody", job, results));
}

/** What is there stays: after a commit whose answer was lost, all of it is there. */
async function insertRange(db: Sql, worker: string, job: Job, results: readonly SeedResult[]): Promise<void> {
  const { campaign, number } = job;
  const { names, rows } = rangeRows(results);
  const inserted = await db.executeSql(
    `insert into ${SCHEMA}.range (campaign, number, worker, outcome, names) values ($1, $2, $3, $4, $5::json)
     on conflict do nothing returning number`,
    [campaign, number, worker, outcomeOf(results), JSON.stringify(names)],
  );
  if (inserted.rows.length === 0) return;
  await db.executeSql(
    `insert into ${SCHEMA}.result
       (campaign, number, seed, variant, verdict, history_hash, events, fingerprints, reached, faults, recovery, record)
     select $1, $2, seed, variant, verdict, history_hash, events, fingerprints, reached, faults, recovery, record
     from json_to_recordset($3::json) as row (seed bigint, variant smallint, verdict text, history_hash text,
       events integer, fingerprints json, reached json, faults json, recovery json, record text)`,
    [campaign, number, JSON.stringify(rows)],
  );
}

/** What pg-boss answers, which its types leave open. */
const endedSchema = z.object({ affected: z.int() });

const rangeSchema = z.strictObject({
  number: z.int(),
  disputed: z.boolean(),
  names: z.array(z.string()),
  rows: z.array(resultRowSchema),
});

/** Those of `numbers` that are done, some at a time. */
export async function doneRanges(
  database: Database,
  campaign: number,
  numbers: readonly number[],
): Promise<readonly DoneRange[]> {
  const { rows } = await database.ask((db) =>
    db.executeSql(
      `select number, disputed, names, (
         select json_agg(json_build_object('seed', seed, 'variant', variant, 'verdict', verdict,
           'history_hash', history_hash, 'events', events, 'fingerprints', fingerprints, 'reached', reached,
           'faults', faults, 'recovery', recovery, 'record', record))
         from ${SCHEMA}.result where result.campaign = range.campaign and result.number = range.number) as rows
       from ${SCHEMA}.range where campaign = $1 and number = any($2::integer[]) limit ${READ_MAX}`,
      [campaign, numbers],
    ),
  );
  return z
    .array(rangeSchema)
    .parse(rows)
    .map(({ number, disputed, ...range }) => ({ number, disputed, results: rangeResults(range) }));
}

/** As of a whole campaign. */
function outcomeOf(results: readonly SeedResult[]): string {
  const hash = new OutcomeHash();
  for (const result of results) hash.add(result);
  return hash.digest();
}
