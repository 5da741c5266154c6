import { QueueError } from "./queue-error.ts";

/** Where the database is. */
export interface QueueUrl {
  /** With the password, if it has one: for the connection only. */
  readonly secret: string;
  /** Without it, and without options: for people. */
  readonly shown: string;
}

/**
 * Reads `postgres://user:password@host:5432/database`. What is left out, and a password above all, is taken from the
 * environment, as every program of PostgreSQL does (PGUSER, PGPASSWORD, PGHOST and so on).
 *
 * @throws QueueError whose message holds nothing of the text: a password might be in it anywhere
 */
export function parseQueueUrl(text: string): QueueUrl {
  const url = URL.parse(text);
  if (url === null || !["postgres:", "postgresql:"].includes(url.protocol))
    throw new QueueError({
      place: "--queue",
      found: url === null ? "no URL" : `a URL of ${url.protocol}//`,
      expected: "postgres://user@host:5432/database",
    });
  // Else a part of the password would pass for a host or a path.
  if (/@/u.test(`${url.pathname}${url.search}${url.hash}`))
    throw new QueueError({
      place: "--queue",
      found: "@ after the host",
      expected: "@, :, /, ? and # of a password written as %40, %3A, %2F, %3F and %23",
      remedy: "or leave it out, and set PGPASSWORD",
    });
  const user = url.username === "" ? "" : `${url.username}@`;
  return { secret: text, shown: `postgres://${user}${url.host}${url.pathname}` };
}
