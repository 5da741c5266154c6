import { assert } from "../assert.ts";
import type { Status } from "./pair-entry.ts";
import type { TableEntry } from "./table-entry.ts";

/** The legal transitions (BR-2). A SIMPLEX volume has no entry, so nothing leads back there but removal. */
const LEGAL: Readonly<Record<Status, readonly Status[]>> = {
  SIMPLEX: ["COPY"],
  COPY: ["COPY", "DUPLEX", "SPLIT"],
  DUPLEX: ["SPLIT"],
  SPLIT: ["SPLIT", "COPY"],
};

/** Moves a pair to another status. An illegal transition is a bug of ours. */
export function setStatus(entry: TableEntry, next: Status): void {
  assert(LEGAL[entry.status].includes(next), `pair ${entry.name} cannot go from ${entry.status} to ${next}`);
  entry.status = next;
}
