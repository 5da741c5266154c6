import { z } from "zod";
import type { Database } from "./database.ts";
import type { Job, Program } from "./jobs.ts";
import { QueueError } from "./queue-error.ts";
import { SCHEMA } from "./tables.ts";

/** A campaign whose coordinator shows no sign of life for so long is given up by whoever notices. */
const SILENT_SECONDS_MAX = 60;
/** Campaigns whose results are kept; of older ones the summary is. */
const RESULTS_KEPT = 20;
/** Campaigns of which anything is kept. */
const CAMPAIGNS_KEPT = 1000;

const count = z.int().min(0);

/** What a campaign came to, for `hunt trends`. */
const summarySchema = z.strictObject({
  verdict: z.string(),
  outcome: z.string(),
  runs: count,
  failed: count,
  groups: count,
  goals: count,
  wallMs: count,
});
export type CampaignSummary = z.infer<typeof summarySchema>;

const trendSchema = z.strictObject({
  id: z.int(),
  began: z.iso.datetime(),
  status: z.string(),
  engine: z.string(),
  harness: z.string(),
  generator: count,
  version: z.string(),
  seed_from: z.coerce.number(),
  seed_to: z.coerce.number(),
  summary: summarySchema.nullable(),
});
/** A campaign as `hunt trends` lists it. */
export type Trend = z.infer<typeof trendSchema>;

const ALIVE = `status = 'running' and seen > now() - interval '${SILENT_SECONDS_MAX} s'`;

const programSchema = z.object({ engine: z.string(), harness: z.string(), generator: z.int() });

/** @returns its number */
export async function beginCampaign(
  database: Database,
  program: Program,
  about: { readonly version: string; readonly from: number; readonly to: number },
): Promise<number> {
  await giveUpSilent(database);
  const { rows } = await database.ask((sql) =>
    sql.executeSql(
      `insert into ${SCHEMA}.campaign (engine, harness, generator, version, seed_from, seed_to)
       values ($1, $2, $3, $4, $5, $6) returning id`,
      [program.engine, program.harness, program.generator, about.version, about.from, about.to],
    ),
  );
  return z.tuple([z.object({ id: z.int() })]).parse(rows)[0].id;
}

/** Its coordinator lives. @throws QueueError if it was silent for so long that it was given up */
export async function beatCampaign(database: Database, campaign: number): Promise<void> {
  const { rows } = await database.ask((sql) =>
    sql.executeSql(`update ${SCHEMA}.campaign set seen = now() where id = $1 and status = 'running' returning id`, [
      campaign,
    ]),
  );
  if (rows.length > 0) return;
  throw new QueueError({
    place: `campaign ${campaign}`,
    found: `it was given up: nothing was heard of this program for ${SILENT_SECONDS_MAX} s`,
    expected: "a program that runs all the time",
    remedy: "hunt again",
  });
}

/** It is over; results of old campaigns go, and of still older ones everything, queues included. */
export async function endCampaign(
  database: Database,
  campaign: number,
  status: string,
  summary: CampaignSummary,
): Promise<void> {
  const gone = await database.transaction(async (sql) => {
    await sql.executeSql(
      `update ${SCHEMA}.campaign set status = $2, summary = $3::json, ended = now() where id = $1 and status = 'running'`,
      [campaign, status, JSON.stringify(summary)],
    );
    const older = (kept: number): string =>
      `(select id from ${SCHEMA}.campaign where status <> 'running' order by id desc offset ${kept})`;
    await sql.executeSql(`delete from ${SCHEMA}.range where campaign in ${older(RESULTS_KEPT)}`);
    const { rows } = await sql.executeSql(
      `delete from ${SCHEMA}.campaign as old where id in ${older(CAMPAIGNS_KEPT)} returning engine, harness, generator,
         exists (select from ${SCHEMA}.campaign as other where (other.engine, other.harness, other.generator) =
           (old.engine, old.harness, old.generator) and other.id not in ${older(CAMPAIGNS_KEPT)}) as used`,
    );
    return z.array(programSchema.extend({ used: z.boolean() })).parse(rows);
  });
  for (const { used, ...program } of gone) if (!used) await database.removeQueues(program);
}

/** `wanted`: a coordinator waits for it; `stored`: another worker has done it; `unwanted`: nobody waits any more. */
export async function jobState(
  database: Database,
  { campaign, number }: Pick<Job, "campaign" | "number">,
): Promise<"wanted" | "stored" | "unwanted"> {
  const { rows } = await database.ask((sql) =>
    sql.executeSql(
      `select ${ALIVE} as awaited,
         exists (select from ${SCHEMA}.range where campaign = $1 and number = $2) as stored
       from ${SCHEMA}.campaign where id = $1`,
      [campaign, number],
    ),
  );
  const [state] = z.array(z.object({ awaited: z.boolean(), stored: z.boolean() })).parse(rows);
  if (state?.stored === true) return "stored";
  if (state?.awaited === true) return "wanted";
  await giveUpSilent(database);
  return "unwanted";
}

/**
 * A worker of another program has nothing to do here.
 *
 * @throws QueueError if there are campaigns under way, and none of this program
 */
export async function requireSameProgram(database: Database, place: string, program: Program): Promise<void> {
  const { rows } = await database.ask((sql) =>
    sql.executeSql(`select id, engine, harness, generator from ${SCHEMA}.campaign where ${ALIVE} order by id`),
  );
  const others = z.array(programSchema.extend({ id: z.int() })).parse(rows);
  const [first] = others;
  if (first === undefined || others.some((other) => textOf(other) === textOf(program))) return;
  throw new QueueError({
    place,
    found: `${textOf(first)} in campaign ${first.id}`,
    expected: `those of this worker, ${textOf(program)}`,
    remedy: "run the worker from the sources that the campaign runs from",
  });
}

/** The newest campaigns, oldest first. */
export async function campaignTrends(database: Database, countMax: number): Promise<readonly Trend[]> {
  await giveUpSilent(database);
  const { rows } = await database.ask((sql) =>
    sql.executeSql(
      `select id, to_char(began at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as began, status, engine, harness,
         generator, version, seed_from, seed_to, summary
       from ${SCHEMA}.campaign order by id desc limit $1`,
      [countMax],
    ),
  );
  return z.array(trendSchema).parse(rows).toReversed();
}

async function giveUpSilent(database: Database): Promise<void> {
  await database.ask((sql) =>
    sql.executeSql(
      `update ${SCHEMA}.campaign set status = 'given up', ended = now() where status = 'running' and not (${ALIVE})`,
    ),
  );
}

function textOf({ engine, harness, generator }: Program): string {
  return `engine ${engine.slice(0, 16)}, harness ${harness.slice(0, 16)}, generator ${generator}`;
}
