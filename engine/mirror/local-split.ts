import { EngineError } from "../errors.ts";
import { runLocalCopy } from "./local-copy.ts";
import type { LocalPair } from "./local-pair.ts";
import { setStatus } from "./pair-status.ts";

/** That the command does not go with the mirror's status. */
export function illegalLocal({ entry }: LocalPair, command: string): EngineError {
  const { name: pair, status, suspension } = entry;
  return new EngineError("ILLEGAL_TRANSITION", { pair, command, status, suspension });
}

function requireSplittable(pair: LocalPair, command: string): void {
  const { entry, volume, busy } = pair;
  if (entry.status !== "DUPLEX" || busy !== "") throw illegalLocal(pair, command);
  if (volume.access() === "none") throw new EngineError("NOT_CONSISTENT", { pair: entry.name, command });
  volume.requireWhole(command);
}

/**
 * DUPLEX → SPLIT of several local mirrors at one moment (BR-8): the one at which this is called. Changes of
 * the volumes go on meanwhile and stay with the volumes as pending. One write of the table makes it so;
 * a power loss before it leaves every mirror unsplit, with what they lack marked.
 * @throws EngineError ILLEGAL_TRANSITION, NOT_CONSISTENT, RESTORE_RUNS
 * @throws EngineError DISK_FAILED: a mirror is suspended, and the others are resynchronised; none is split
 */
export async function splitMirrors(pairs: readonly LocalPair[], writable: boolean, command: string): Promise<void> {
  for (const pair of pairs) requireSplittable(pair, command);
  const [first] = pairs;
  if (first === undefined) return;
  const { runtime, table } = first;
  // In one step, so that no change of any volume falls between two mirrors (rule 4).
  for (const pair of pairs) {
    pair.live = false;
    pair.busy = "split";
  }
  runtime.log.step("backup.splitting", { mirrors: pairs.map(({ entry }) => entry.name).join(" ") });
  await Promise.all(
    pairs.map(async (pair) => {
      await pair.mirrorWritten();
      await pair.flushMirror();
    }),
  );
  const failed = pairs.find(({ entry }) => entry.status !== "DUPLEX");
  if (failed !== undefined) {
    undo(pairs);
    throw new EngineError("DISK_FAILED", { volume: failed.mirror.name, code: "EIO" });
  }
  for (const { entry } of pairs) {
    setStatus(entry, "SPLIT");
    entry.suspension = "operator";
    entry.mirrorWritable = writable;
    entry.splitCount++;
  }
  await table.persist();
  for (const pair of pairs) {
    pair.busy = "";
    runtime.log.step("local.split", { pair: pair.entry.name, count: pair.entry.splitCount });
  }
}

/** None is split: what the volumes have got meanwhile goes to the mirrors. */
function undo(pairs: readonly LocalPair[]): void {
  for (const pair of pairs) {
    pair.busy = "";
    if (pair.entry.status !== "DUPLEX") continue;
    setStatus(pair.entry, "SPLIT");
    setStatus(pair.entry, "COPY");
    pair.runtime.tasks.spawn(runLocalCopy(pair));
  }
}
