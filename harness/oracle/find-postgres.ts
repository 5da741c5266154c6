import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where Debian keeps the server, outside of everybody's PATH, by version. */
const DEBIAN = "/usr/lib/postgresql";

/** The folder of the programs of a PostgreSQL server, the newest there is; `undefined` without one. */
export function findPostgres(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const versions = readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(DEBIAN, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
}
