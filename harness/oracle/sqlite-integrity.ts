import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { dumpFiles } from "./debugfs.ts";
import { E2FSPROGS_REMEDY } from "./e2fsck.ts";
import { accepted, type Judgement, refused, unknown } from "./judgement.ts";

export interface SqliteQuestion {
  /** Absolute path of the database inside the file system. */
  readonly path: string;
  readonly table: string;
  /** The table must be there. Otherwise a database without it, or none at all, is accepted too. */
  readonly required: boolean;
}

/**
 * Takes an SQLite database with its write-ahead log out of an ext4 image whose journal is already
 * recovered, opens it for writing, so that SQLite recovers it as after a crash, and asks
 * `pragma integrity_check`.
 *
 * @param directory an empty or reusable place for the copies
 */
export async function judgeBySqlite(
  imagePath: string,
  imageBytes: number,
  question: SqliteQuestion,
  directory: string,
): Promise<Judgement> {
  const open = await databaseOpener();
  if (open === undefined) return unknown("sqlite", "this Node.js has no node:sqlite", "use Node.js 22.22 or later");
  const databasePath = join(directory, "database");
  // The shared-memory index is no part of what SQLite recovers from.
  const suffixes = ["", "-wal", "-journal"];
  const requests = suffixes.map((suffix) => ({ path: question.path + suffix, toPath: databasePath + suffix }));
  try {
    const end = await dumpFiles(imagePath, imageBytes, requests, join(directory, "commands"));
    if (end.kind === "failed") return unknown("sqlite", end.why, E2FSPROGS_REMEDY);
    if (end.kind === "unreadable") return refused("sqlite", `the database cannot be read: ${end.why}`);
    const missing = requests.find(({ path, toPath }) => end.present.has(path) && !existsSync(toPath));
    if (missing !== undefined) return unknown("sqlite", `debugfs did not take ${missing.path} out`, E2FSPROGS_REMEDY);
    if (!end.present.has(question.path)) return absent(question, `${question.path} does not exist`);
    return check(open, databasePath, question);
  } finally {
    for (const suffix of [...suffixes, "-shm"]) rmSync(databasePath + suffix, { force: true });
  }
}

function check(open: (path: string) => DatabaseSync, databasePath: string, question: SqliteQuestion): Judgement {
  let database: DatabaseSync | undefined;
  try {
    database = open(databasePath);
    const rows = database.prepare("pragma integrity_check").all();
    // One row may hold several lines, under a heading that names the database.
    const answers = rows.flatMap((row) => String(row["integrity_check"]).split("\n"));
    if (answers.join() !== "ok") {
      const complaint = answers.find((line) => !line.startsWith("***")) ?? "no answer";
      return refused("sqlite", `integrity_check: ${complaint}`);
    }
    const table = database.prepare("select 1 from sqlite_schema where type = 'table' and name = ?").get(question.table);
    if (table === undefined) return absent(question, `table ${question.table} does not exist`);
    return accepted("sqlite", "integrity_check: ok");
  } catch (error) {
    return refused("sqlite", `SQLite: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    database?.close();
  }
}

function absent(question: SqliteQuestion, why: string): Judgement {
  return question.required ? refused("sqlite", `${why}, and it must`) : accepted("sqlite", `${why} yet`);
}

async function databaseOpener(): Promise<((path: string) => DatabaseSync) | undefined> {
  try {
    const { DatabaseSync: Database } = await import("node:sqlite");
    return (path) => new Database(path);
  } catch {
    return undefined;
  }
}
