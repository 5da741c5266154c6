import { EngineError } from "../errors.ts";
import { illegalTransition } from "../mirror/illegal-transition.ts";
import type { Log } from "../ports/index.ts";

/** A volume's file system, mounted at the host of the restoring program. Paths are absolute. */
export interface FileStore {
  /** Every file of the volume. */
  list(): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Makes the file, or replaces what it holds; no other file changes. */
  write(path: string, data: Uint8Array): Promise<void>;
  /** Dismounts: what was written is durable on the volume when it settles. */
  close(): Promise<void>;
}

/** The host at the secondary system, where the restoring program runs. */
export interface RestoringHost {
  /** Whether a host at the primary still uses the production volume. */
  isMounted(volume: string): boolean;
  mount(volume: string, access: "read-only" | "read-write"): Promise<FileStore>;
}

/**
 * The storage systems as the restoring program commands them. Each command settles when what it says
 * is so, at once if it was so before; it rides out lost links and systems that start again.
 */
export interface RestoringAdministrator {
  /** Of a pair, as the restoring host's own system sees it. */
  status(pair: string): Promise<{ readonly status: string; readonly suspension: string }>;
  /** The remote mirror is SPLIT, and hosts may write to its secondary. */
  split(pair: string): Promise<void>;
  /** The remote mirror is DUPLEX again; with `reverse` its primary holds what its secondary held. */
  resync(pair: string, direction: "forward" | "reverse"): Promise<void>;
  /** The primary of the local mirror holds what its secondary holds, every track. */
  restoreMirror(pair: string): Promise<void>;
}

/** What is to be restored, by the names of Fig. 1. */
export interface RestoreRequest {
  /** The remote mirror of PVOL and SPVOL. */
  readonly remote: string;
  /** The local mirror of SPVOL and SVOL, split: the backup. */
  readonly mirror: string;
  /** PVOL, at the primary. */
  readonly production: string;
  /** SPVOL, secondary of the one and primary of the other mirror. */
  readonly target: string;
  /** SVOL, which holds the backup. */
  readonly backup: string;
  readonly files: readonly string[] | "all";
}

/** `nothing` if no file was named; `volume` if the whole volume was. */
export interface RestoreResult {
  readonly scope: "nothing" | "files" | "volume";
  readonly files: readonly string[];
}

export interface RestoringParts {
  readonly host: RestoringHost;
  readonly administrator: RestoringAdministrator;
  readonly log: Log;
}

/**
 * The restoring program of Fig. 5 (files, BR-9) and Fig. 6 (a whole volume, BR-10), at the host of
 * the secondary. It may be run again after an interruption: every step finds out what was done.
 * If it cannot finish, the remote mirror is brought together again as it was, and nothing is restored.
 *
 * @throws EngineError FILE_NOT_IN_BACKUP, VOLUME_MOUNTED, ILLEGAL_TRANSITION before anything changes;
 * and whatever the host or the administrator rejects with
 */
export async function restoreFromBackup(request: RestoreRequest, parts: RestoringParts): Promise<RestoreResult> {
  const { remote, mirror, production } = request;
  const { host, administrator, log } = parts;
  // Steps 500 and 600: invoked.
  const { status, suspension } = await administrator.status(mirror);
  if (status !== "SPLIT") throw illegalTransition({ entry: { name: mirror, status, suspension } }, "restore", "SPLIT");
  const backup = await reading(host, request.backup, (store) => store.list());
  const files = request.files === "all" ? [...backup] : [...new Set(request.files)];
  for (const path of files)
    if (!backup.includes(path)) throw new EngineError("FILE_NOT_IN_BACKUP", { volume: request.backup, path });
  if (files.length === 0 && request.files !== "all") return { scope: "nothing", files };
  // Steps 510 and 620: nobody writes to the production volume any more.
  if (host.isMounted(production)) throw new EngineError("VOLUME_MOUNTED", { volume: production });
  log.step("restoring.begin", { mirror, files: files.length });
  // Steps 520 and 630.
  await administrator.split(remote);
  log.step("restoring.split", { pair: remote });
  let whole: boolean;
  try {
    whole = request.files === "all" || (await isWholeVolume(files, backup, request, host));
    if (whole) {
      // Steps 640 and 650: a local resync backwards, of the union of both bitmaps.
      await administrator.restoreMirror(mirror);
      log.step("restoring.volume", { mirror });
    } else await copyFiles(files, request, parts);
  } catch (error) {
    // Half a restore must not reach the production volume, which still holds what it held.
    await administrator.resync(remote, "forward");
    throw error;
  }
  // Steps 540 to 550, 660 to 670: the union of both bitmaps crosses the link, backwards.
  await administrator.resync(remote, "reverse");
  // Step 560: the volume may be mounted again.
  log.step("restoring.done", { mirror, files: files.length, whole });
  return { scope: whole ? "volume" : "files", files };
}

/**
 * Step 610: the named files are exactly those of the volume: all of the backup's, and none has come
 * since, which a restore of the whole volume would take away unasked.
 */
async function isWholeVolume(
  files: readonly string[],
  backup: readonly string[],
  request: RestoreRequest,
  host: RestoringHost,
): Promise<boolean> {
  if (files.length !== backup.length) return false;
  const present = await reading(host, request.target, (store) => store.list());
  return present.every((path) => files.includes(path));
}

/** Step 530. What is written is marked in the pending bitmap of SPVOL for PVOL. */
async function copyFiles(files: readonly string[], request: RestoreRequest, parts: RestoringParts): Promise<void> {
  const { host, log } = parts;
  const to = await host.mount(request.target, "read-write");
  try {
    await reading(host, request.backup, async (from) => {
      for (const path of files) {
        await to.write(path, await from.read(path));
        log.step("restoring.file", { path });
      }
    });
  } finally {
    await to.close();
  }
  log.step("restoring.files", { files: files.length });
}

async function reading<T>(host: RestoringHost, volume: string, body: (store: FileStore) => Promise<T>): Promise<T> {
  const store = await host.mount(volume, "read-only");
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}
