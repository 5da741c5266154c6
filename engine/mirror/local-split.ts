import { EngineError } from "../errors.ts";
import { diskFailure } from "../volume/disk-failure.ts";
import { illegalTransition } from "./illegal-transition.ts";
import { LocalCompletion } from "./local-completion.ts";
import { runLocalCopy } from "./local-copy.ts";
import type { LocalPair } from "./local-pair.ts";
import { setStatus } from "./pair-status.ts";

/**
 * DUPLEX or COPY → SPLIT of several local mirrors at one moment (BR-8): that of the call, as far as their
 * volumes can tell. Changes of the volumes go on meanwhile and stay with the volumes as pending. One
 * write of the table makes it so; a power loss before it leaves every mirror unsplit, with what they
 * lack marked. A mirror in COPY is completed afterwards ({@link LocalCompletion}).
 * @throws EngineError ILLEGAL_TRANSITION, NOT_CONSISTENT, RESTORE_RUNS
 * @throws EngineError DISK_FAILED: none is split; a mirror may be suspended
 */
export async function splitMirrors(pairs: readonly LocalPair[], writable: boolean, command: string): Promise<void> {
  const [first] = pairs;
  if (first === undefined) return;
  const { runtime, table } = first;
  for (const pair of pairs)
    if (pair.busy !== "") throw illegalTransition(pair, command, "DUPLEX or COPY, and nothing else under way");
  for (const pair of pairs) requireSplittable(pair, command);
  for (const pair of pairs) pair.busy = "split";
  try {
    const begun = await isolate(pairs, command);
    try {
      runtime.log.step("backup.splitting", { mirrors: pairs.map(({ entry }) => entry.name).join(" ") });
      await flushAll(pairs, begun);
    } catch (error) {
      for (const pair of pairs) reunite(pair);
      throw error;
    }
    for (const { entry, completion } of pairs) {
      setStatus(entry, "SPLIT");
      entry.suspension = "operator";
      entry.task = completion === undefined ? "" : "completing";
      entry.mirrorWritable = writable;
      entry.splitCount++;
    }
    await table.persist();
  } finally {
    for (const pair of pairs) pair.busy = "";
  }
  for (const { entry, completion } of pairs) {
    runtime.log.step("local.split", { pair: entry.name, count: entry.splitCount, left: completion?.tracks.total ?? 0 });
    if (completion !== undefined) runtime.tasks.spawn(completion.run());
  }
}

function requireSplittable(pair: LocalPair, command: string): void {
  const { entry, volume } = pair;
  if (entry.status !== "DUPLEX" && entry.status !== "COPY") throw illegalTransition(pair, command, "DUPLEX or COPY");
  if (volume.access() === "none") throw new EngineError("NOT_CONSISTENT", { pair: entry.name, command });
  volume.requireWhole(command);
}

/** In one step nothing goes to any of the mirrors any more. @returns what must become durable */
async function isolate(pairs: readonly LocalPair[], command: string): Promise<readonly Promise<void>[]> {
  if (pairs.every(({ entry }) => entry.status === "DUPLEX")) {
    for (const pair of pairs) pair.live = false;
    return [];
  }
  // What is copied as of now must not be changed by anybody who has not heard of it. All volumes are
  // asked for in one step, so the moment is still one: what came before is in, what comes later is not.
  const volumes = new Set(pairs.map(({ volume }) => volume));
  const releases = await Promise.all([...volumes].map((volume) => volume.locks.drain()));
  try {
    await Promise.all(pairs.map(clearMarks));
    for (const pair of pairs) requireSplittable(pair, command);
    const begun: Promise<void>[] = [];
    for (const pair of pairs) {
      pair.live = false;
      if (pair.entry.status === "DUPLEX") continue;
      pair.copying = undefined;
      pair.progress = undefined;
      begun.push(new LocalCompletion(pair).begin());
    }
    return begun;
  } finally {
    for (const release of releases) release();
  }
}

/**
 * The mirror's side must have no mark of before: after a crash such a track would be copied, as it is then.
 * @throws EngineError DISK_FAILED
 */
async function clearMarks({ mirrorSide }: LocalPair): Promise<void> {
  mirrorSide.dirty.clearAll();
  try {
    await mirrorSide.intents.sweep(0, true);
  } catch (error) {
    throw diskFailure(error, "meta");
  }
}

/** What went to the mirrors before the moment is durable there. @throws EngineError DISK_FAILED */
async function flushAll(pairs: readonly LocalPair[], begun: readonly Promise<void>[]): Promise<void> {
  const flushed = pairs.map(async (pair) => {
    await pair.mirrorWritten();
    await pair.flushMirror();
    // What is copied later must still be there after a power loss.
    if (pair.completion !== undefined) await pair.volume.flushDisk();
  });
  const [marks, flushes] = [await Promise.allSettled(begun), await Promise.allSettled(flushed)];
  for (const outcome of marks) if (outcome.status === "rejected") throw diskFailure(outcome.reason, "meta");
  for (const [index, outcome] of flushes.entries())
    if (outcome.status === "rejected") throw diskFailure(outcome.reason, (pairs[index] as LocalPair).volume.name);
  const failed = pairs.find(({ entry }) => entry.status === "SPLIT");
  if (failed !== undefined) throw new EngineError("DISK_FAILED", { volume: failed.mirror.name, code: "EIO" });
}

/** It is not split: what the volume has got meanwhile goes to the mirror. */
function reunite(pair: LocalPair): void {
  const { entry, completion, mirrorSide, runtime } = pair;
  if (completion !== undefined) {
    completion.stop();
    completion.forget();
    // The volume's side still has these.
    mirrorSide.dirty.clearAll();
  }
  if (entry.status === "SPLIT") return;
  setStatus(entry, "SPLIT");
  setStatus(entry, "COPY");
  runtime.tasks.spawn(runLocalCopy(pair));
}
