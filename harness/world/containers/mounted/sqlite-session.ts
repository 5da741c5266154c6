import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { MountedVolume } from "./mounted-volume.ts";

export type JournalMode = "wal" | "delete";

/** 6000 bytes that only the entry with this number has; a few pages change with every transaction. */
const BODY = "replace(hex(zeroblob(750)), '00', printf('%08x', number))";

/**
 * The `sqlite3` program at work on one database of a mounted volume: a transaction is committed when the program has
 * said so, with every `fsync` that SQLite makes for it.
 */
export class SqliteSession {
  readonly #program: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #complaint = "";

  private constructor(program: ChildProcessWithoutNullStreams) {
    this.#program = program;
    const note = (words: Error | Buffer): void => {
      this.#complaint += String(words);
    };
    // It may die with the volume under it; whoever waits for an answer learns of it by the end of its lines.
    program.on("error", note);
    program.stdin.on("error", note);
    program.stderr.on("data", note);
    this.#lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  }

  /** @param name of the database; made if it is not there */
  static open(volume: MountedVolume, name: string): SqliteSession {
    // EXTRA: that the journal is deleted, which is the commit of that mode, must be durable, too.
    const durable = ["-cmd", "PRAGMA synchronous=EXTRA"];
    return new SqliteSession(volume.start("sqlite3", "-bail", ...durable, join(volume.folder, name)));
  }

  /** A database of a volume that is mounted read-only, closed by whoever wrote it. */
  static openUnchanging(volume: MountedVolume, name: string): SqliteSession {
    return new SqliteSession(volume.start("sqlite3", "-bail", `file:${join(volume.folder, name)}?immutable=1`));
  }

  /** Makes the tables. */
  async create(mode: JournalMode): Promise<void> {
    await this.#ask(`PRAGMA journal_mode=${mode};
      CREATE TABLE entries(number INTEGER PRIMARY KEY, body TEXT);
      CREATE TABLE total(entries INTEGER); INSERT INTO total VALUES(0);`);
  }

  /** One transaction: two entries, and their number. @throws Error: whether it was committed is open then */
  async commit(): Promise<void> {
    await this.#ask(`BEGIN IMMEDIATE;
      INSERT INTO entries(number) SELECT entries FROM total UNION SELECT entries + 1 FROM total;
      UPDATE entries SET body = ${BODY} WHERE body IS NULL;
      UPDATE total SET entries = entries + 2; COMMIT;`);
  }

  /** How many transactions the database holds. @throws Error if it is not sound, or holds one in part */
  async commits(): Promise<number> {
    const [integrity = "", ...more] = await this.#ask("PRAGMA integrity_check;");
    if (integrity !== "ok") throw new Error(`integrity_check: ${[integrity, ...more].join("; ")}`);
    const [counts = ""] = await this.#ask(
      `SELECT (SELECT entries FROM total), count(*), max(number) + 1, sum(body = ${BODY}) FROM entries;`,
    );
    const [entries = Number.NaN, ...others] = counts.split("|").map(Number);
    if (entries % 2 === 0 && others.every((count) => count === entries)) return entries / 2;
    throw new Error(`entries by their sum, counted, by number, with their content: ${counts}`);
  }

  /** Closes the database as a program does that ends. */
  async close(): Promise<void> {
    this.#program.stdin.end();
    if (this.#program.exitCode === null) await once(this.#program, "close");
  }

  async #ask(sql: string): Promise<readonly string[]> {
    this.#program.stdin.write(`${sql}\n.print done\n`);
    const answer: string[] = [];
    while (true) {
      const line = await this.#lines.next();
      if (line.done === true) throw new Error(`sqlite3 ended: ${this.#complaint}`);
      if (line.value === "done") return answer;
      answer.push(line.value);
    }
  }
}
