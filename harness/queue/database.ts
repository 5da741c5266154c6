import { setTimeout as pause } from "node:timers/promises";
import { type ConstructorOptions, PgBoss } from "pg-boss";
import { deadQueueName, type Program, queueName, queueOptions } from "./jobs.ts";
import { QueueError } from "./queue-error.ts";
import type { QueueUrl } from "./queue-url.ts";
import { BOSS_SCHEMA, LOCK, TABLES } from "./tables.ts";

/** What takes SQL. */
export type Sql = ReturnType<PgBoss["getDb"]>;

export interface DatabaseOptions {
  readonly url: QueueUrl;
  readonly program: Program;
  /**
   * What it is used for. A coordinator also looks after leases that ran out, of every campaign; one is enough. A reader
   * makes no queue.
   */
  readonly role: "coordinator" | "worker" | "reader";
  /** How long a database that does not answer is waited for, each time. */
  readonly patienceMs: number;
  /** Aborted by an interrupt: nothing is waited for any more. */
  readonly signal: AbortSignal;
}

const CONNECT_MS_MAX = 5_000;
const ANSWER_MS_MAX = 60_000;
const RETRY_MS = 500;
/** How often leases are looked at. */
const SUPERVISE_SECONDS = 2;
/** One for results, one for jobs, one for signs of life. */
const CONNECTIONS = 3;

/** The database with the queue of one program in it, and our tables. */
export class Database {
  readonly queue: string;
  readonly deadQueue: string;
  readonly boss: PgBoss;
  readonly #options: DatabaseOptions;

  private constructor(boss: PgBoss, options: DatabaseOptions) {
    this.boss = boss;
    this.queue = queueName(options.program);
    this.deadQueue = deadQueueName(options.program);
    this.#options = options;
  }

  /** Makes tables and queue where they are not there yet. @throws QueueError */
  static async open(options: DatabaseOptions): Promise<Database> {
    return patiently(options, async () => {
      const boss = bossOf(options);
      const database = new Database(boss, options);
      try {
        await boss.start();
        await database.#makeAll();
        return database;
      } catch (error) {
        await boss.stop({ graceful: false });
        throw error;
      }
    });
  }

  /** Asks, and again while the database is away. @param work leaves nothing behind that a second time could not meet */
  async ask<T>(work: (db: Sql) => Promise<T>): Promise<T> {
    return patiently(this.#options, () => work(this.boss.getDb()));
  }

  /** The same in one transaction. */
  async transaction<T>(work: (db: Sql) => Promise<T>): Promise<T> {
    return patiently(this.#options, () => inTransaction(this.boss.getDb(), work));
  }

  async close(): Promise<void> {
    await this.boss.stop({ graceful: false });
  }

  /** Of a program that nobody runs any more. */
  async removeQueues(program: Program): Promise<void> {
    for (const name of [queueName(program), deadQueueName(program)]) await this.ask(() => this.boss.deleteQueue(name));
  }

  async #makeAll(): Promise<void> {
    await inTransaction(this.boss.getDb(), async (db) => {
      await db.executeSql(LOCK);
      await db.executeSql(TABLES);
    });
    if (this.#options.role === "reader") return;
    await this.boss.createQueue(this.deadQueue);
    await this.boss.createQueue(this.queue, queueOptions(this.#options.program));
  }
}

function bossOf({ url, role }: DatabaseOptions): PgBoss {
  // Beyond what pg-boss names, it hands everything to `pg`.
  const options: ConstructorOptions & { readonly query_timeout: number; readonly keepAlive: boolean } = {
    connectionString: url.secret,
    application_name: "resilver",
    schema: BOSS_SCHEMA,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    keepAlive: true,
    schedule: false,
    supervise: role === "coordinator",
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    monitorVacuum: false,
    reindex: false,
  };
  const boss = new PgBoss(options);
  // Of its own errands in the background: it does them again, and what we ask it tells us itself.
  boss.on("error", () => {});
  return boss;
}

async function inTransaction<T>(db: Sql, work: (db: Sql) => Promise<T>): Promise<T> {
  const transaction = await db.beginTransaction?.();
  if (transaction === undefined) throw new Error("pg-boss's connection to PostgreSQL has transactions");
  try {
    const result = await work(transaction.db);
    await transaction.commit();
    return result;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

async function patiently<T>({ url, patienceMs, signal }: DatabaseOptions, work: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) && !isRefusal(error)) throw error;
      const isLate = performance.now() - startMs >= patienceMs;
      if (!isAway(error) || isLate || signal.aborted) throw toldOf(url, error, isAway(error) ? patienceMs : undefined);
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** SQLSTATE, or a code of the system's. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Not answering, starting, ending, or full: it may be back soon. */
function isAway(error: unknown): boolean {
  const code = codeOf(error);
  if (/^(?:08...|53...|57P0.|40001|40P01|E[A-Z]+)$/u.test(code)) return true;
  return error instanceof Error && /terminated|timeout|timed out|not queryable/iu.test(error.message);
}

/** The password, the database's name, or what the user may do. */
function isRefusal(error: unknown): boolean {
  return /^(?:28...|3D000|42501)$/u.test(codeOf(error));
}

function toldOf(url: QueueUrl, error: unknown, waitedMs: number | undefined): QueueError {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const message = first instanceof Error ? first.message : String(first);
  const waited = waitedMs === undefined ? "" : ` for ${waitedMs / 1000} s`;
  return new QueueError(
    {
      place: `--queue ${url.shown}`,
      found: `${message}${waited}`,
      expected: "a PostgreSQL database that answers, and whose user may make a schema",
    },
    { cause: error },
  );
}
