import type {
  FilesHold,
  MountStep,
  NamedFile,
  RemoveFilesStep,
  RestoreFilesStep,
  WriteFilesStep,
} from "../file-step.ts";

/** A file, and what its content is called: the same path and content are the same bytes everywhere. */
export function file(path: string, content: string, sizeBytes: number): NamedFile {
  return { path, content, sizeBytes };
}

/** Makes an ext4 file system of 4 MiB on a volume that nobody has written to, with these files. */
export function makeFiles<const V extends string>(volume: V, files: readonly NamedFile[]): WriteFilesStep<V> {
  return { kind: "write-files", volume, fileSystem: "new", files };
}

/** Makes or replaces files of the volume; the others stay as they are. */
export function writeFiles<const V extends string>(volume: V, files: readonly NamedFile[]): WriteFilesStep<V> {
  return { kind: "write-files", volume, fileSystem: "present", files };
}

/** Removes files of the volume. */
export function removeFiles<const V extends string>(volume: V, paths: readonly string[]): RemoveFilesStep<V> {
  return { kind: "remove-files", volume, paths };
}

/** A host uses the volume from here on, until {@link dismount}. */
export function mount<const V extends string>(volume: V): MountStep<V> {
  return { kind: "mount", volume };
}

/** Nobody uses the volume any more. */
export function dismount<const V extends string>(volume: V): MountStep<V> {
  return { kind: "dismount", volume };
}

/**
 * Runs the restoring program at the secondary: the named files, or all, of the backup `from` (a local
 * mirror) reach the production volume (BR-9, BR-10).
 */
export function restoreFiles<const P extends string>(options: {
  readonly from: P;
  readonly names: readonly string[] | "all";
}): RestoreFilesStep<P> {
  return { kind: "restore-files", ...options };
}

/** At the end the volume has exactly these files. */
export function filesHold<const V extends string>(volume: V, files: readonly NamedFile[]): FilesHold<V> {
  return { kind: "files-hold", volume, files };
}
