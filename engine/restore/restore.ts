import { EngineError } from "../errors.ts";
import type { Runtime } from "../runtime.ts";
import type { Volume } from "../volume/volume.ts";
import type { CopyIn } from "./copy-in.ts";

/** Who remembers, durably, that a restore runs. */
export interface RestoreOwner {
  /** From the moment that it settles the volume has the other content. @throws EngineError: nothing happened */
  accept(): Promise<void>;
  finished(): Promise<void>;
}

/**
 * Gives the volume the content of `copy`'s source, in one step for its hosts: what is under way ends,
 * what comes later waits for two durable writes, whatever the volume's size.
 * @param tracks those that differ, or all
 * `told`: the other end's volume does so, and this one follows, whatever hosts may do here
 * @returns `ended`: settles with true when everything is there; false if it was stopped
 * @throws EngineError RESTORE_RUNS, NO_ACCESS, and what `accept` throws. @throws DiskError
 */
export async function beginRestore(
  {
    volume,
    copy,
    runtime,
    told = false,
  }: { readonly volume: Volume; readonly copy: CopyIn; readonly runtime: Runtime; readonly told?: boolean },
  tracks: Iterable<number>,
  owner: RestoreOwner,
): Promise<{ readonly ended: Promise<boolean> }> {
  if (told) volume.requireWhole("restore");
  else requireRestorable(volume);
  volume.rewriter = copy;
  try {
    const release = await volume.locks.drain();
    try {
      await copy.tracks.begin(tracks);
      await owner.accept();
      volume.addTap(copy);
      volume.rewriteBegins();
    } finally {
      release();
    }
  } catch (error) {
    volume.rewriter = undefined;
    throw error;
  }
  runtime.log.step("restore.begin", { volume: volume.name, tracks: copy.tracks.total });
  return { ended: runRestore({ volume, copy, runtime }, owner) };
}

/**
 * Goes on with a restore that a crash interrupted: `copy.tracks` are loaded, and no host is served yet.
 * @param started every tap of the volume is in place: before, a change would pass some of them by
 */
export async function resumeRestore(
  parts: { readonly volume: Volume; readonly copy: CopyIn; readonly runtime: Runtime },
  owner: RestoreOwner,
  started?: Promise<void>,
): Promise<boolean> {
  const { volume, copy, runtime } = parts;
  volume.rewriter = copy;
  volume.addTap(copy);
  runtime.log.step("restore.resumed", { volume: volume.name, tracks: copy.tracks.total });
  if (started !== undefined) await started;
  return runRestore(parts, owner);
}

async function runRestore(
  { volume, copy, runtime }: { readonly volume: Volume; readonly copy: CopyIn; readonly runtime: Runtime },
  owner: RestoreOwner,
): Promise<boolean> {
  if (!(await copy.run())) return false;
  await owner.finished();
  volume.removeTap(copy);
  volume.rewriter = undefined;
  volume.rewriteEnds();
  runtime.log.step("restore.done", { volume: volume.name });
  return true;
}

/** @throws EngineError RESTORE_RUNS, NO_ACCESS */
export function requireRestorable(volume: Volume): void {
  volume.requireWhole("restore");
  const access = volume.access();
  if (access !== "read-write")
    throw new EngineError("NO_ACCESS", { volume: volume.name, why: `access is ${access}, read-write is needed` });
}
