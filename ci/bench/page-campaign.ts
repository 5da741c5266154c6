import { createHash } from "node:crypto";
import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A line of a history, as it was written. */
interface Line {
  readonly id: string;
  readonly seed: number;
  readonly variant?: number;
  readonly events: number;
  readonly virtualMs?: number;
  readonly historyHash: string;
}

/**
 * A campaign of `size` runs, made from a real one: its runs over and over, each with another seed, another hash and slightly other
 * numbers, so that nothing is packed better than it would be. All else is as the command that ran wrote it.
 *
 * @param folder of the real one
 */
export function enlarge(folder: string, into: string, size: number): void {
  cpSync(folder, into, { recursive: true });
  const path = join(into, "history.jsonl");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const known = lines.map((line) => JSON.parse(line) as Line);
  const isHunt = known.some(({ variant }) => variant !== undefined);
  const more: string[] = [];
  for (let index = known.length; index < size; index++) {
    const line = known[index % known.length];
    if (line === undefined) throw new Error("a campaign without runs");
    const hash = createHash("sha256").update(`${index} ${line.historyHash}`).digest();
    const seed = 1_000_000 + index;
    const events = line.events + (hash.readUInt16LE(8) % 1000);
    const virtualMs = line.virtualMs === undefined ? {} : { virtualMs: line.virtualMs + hash.readUInt16LE(10) / 1000 };
    const historyHash = hash.subarray(0, 8).toString("hex");
    const id = isHunt ? `hunt/${seed}` : line.id;
    more.push(
      `${JSON.stringify({ ...line, id, seed, ...(isHunt ? { variant: 0 } : {}), events, ...virtualMs, historyHash })}\n`,
    );
    if (more.length < 5000) continue;
    appendFileSync(path, more.splice(0).join(""));
  }
  appendFileSync(path, more.join(""));
  if (isHunt) rewrite(join(into, "index.json"), (document) => ({ ...document, runCount: size }));
}

function rewrite(path: string, change: (document: object) => object): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")) as object)));
}
