import { EngineError } from "../errors.ts";
import type { Runtime } from "../runtime.ts";
import type { Volume } from "../volume/volume.ts";
import type { CopyIn } from "./copy-in.ts";

/** A volume, and what brings other content into it. */
export interface RestoreParts {
  readonly volume: Volume;
  readonly copy: CopyIn;
  readonly runtime: Runtime;
}

/** Who remembers, durably, that a restore runs. */
export interface RestoreOwner {
  /** Nothing is under way any more. @returns the tracks that differ, or all. @throws EngineError: nothing happened */
  tracks(): Iterable<number> | Promise<Iterable<number>>;
  /** From the moment that it settles the volume has the other content. @throws EngineError: nothing happened */
  accept(): Promise<void>;
  finished(): Promise<void>;
}

/**
 * Gives the volume the content of `copy`'s source, in one step for its hosts: what is under way ends,
 * what comes later waits for a few durable writes, whatever the volume's size.
 * @returns `ended`: settles when everything is there
 * @throws EngineError RESTORE_RUNS, and what the owner throws. @throws DiskError
 */
export async function beginRestore(
  parts: RestoreParts,
  owner: RestoreOwner,
): Promise<{ readonly ended: Promise<void> }> {
  const { volume, copy } = parts;
  volume.requireWhole("restore");
  volume.rewriter = copy;
  try {
    const release = await volume.locks.drain();
    try {
      await copy.tracks.begin(await owner.tracks());
      await owner.accept();
      // Hosts see the other content from here on, of which the journal has nothing yet.
      if (copy.isMixture) await volume.journal?.mark(true);
      volume.addTap(copy);
      volume.rewriteBegins();
    } finally {
      release();
    }
  } catch (error) {
    volume.rewriter = undefined;
    throw error;
  }
  return { ended: bringContent(parts, owner) };
}

/** Brings the content that the volume has, for its hosts, already. @returns settles when everything is there */
export function bringContent(parts: RestoreParts, owner: Pick<RestoreOwner, "finished">): Promise<void> {
  const { volume, copy, runtime } = parts;
  runtime.log.step("restore.begin", { volume: volume.name, tracks: copy.tracks.total });
  return runRestore(parts, owner);
}

/**
 * Goes on with a restore that a crash interrupted: `copy.tracks` are loaded, and no host is served yet.
 * @param started every tap of the volume is in place: before, a change would pass some of them by
 */
export async function resumeRestore(
  parts: RestoreParts,
  owner: Pick<RestoreOwner, "finished">,
  started?: Promise<void>,
): Promise<void> {
  const { volume, copy, runtime } = parts;
  volume.rewriter = copy;
  volume.addTap(copy);
  runtime.log.step("restore.resumed", { volume: volume.name, tracks: copy.tracks.total });
  if (started !== undefined) await started;
  return runRestore(parts, owner);
}

/** Brings everything. @returns settles when the volume is as any other */
async function runRestore(
  { volume, copy, runtime }: RestoreParts,
  owner: Pick<RestoreOwner, "finished">,
): Promise<void> {
  await copy.run();
  await volume.journal?.mark();
  await owner.finished();
  volume.removeTap(copy);
  volume.rewriter = undefined;
  volume.rewriteEnds();
  runtime.log.step("restore.done", { volume: volume.name });
}

/** The restore that runs; one that is not accepted yet may still be refused, and is none. */
export function restoreOf({ rewriter, taps }: Volume): CopyIn | undefined {
  return rewriter !== undefined && taps.includes(rewriter) ? rewriter : undefined;
}

/** For a restore that hosts' access allows or not. @throws EngineError RESTORE_RUNS, NO_ACCESS */
export function requireRestorable(volume: Volume): void {
  volume.requireWhole("restore");
  requireWritable(volume);
}

/** Whether hosts may write to the volume. @throws EngineError NO_ACCESS */
export function requireWritable(volume: Volume): void {
  const access = volume.access();
  if (access !== "read-write")
    throw new EngineError("NO_ACCESS", { volume: volume.name, why: `access is ${access}, read-write is needed` });
}
