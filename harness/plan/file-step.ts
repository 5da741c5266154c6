import { z } from "zod";
import { nameSchema } from "../fault/bounds.ts";
import { PlanError } from "./plan-error.ts";
import type { Topology, TopologyPair } from "./topology.ts";

/** Of the file system that the harness makes. */
export const FILE_SYSTEM_BYTES = 4 * 1024 * 1024;

/** A file and what it holds: bytes that follow from the path and from what they are called. */
export interface NamedFile {
  readonly path: string;
  readonly content: string;
  readonly sizeBytes: number;
}

/**
 * Makes an ext4 file system of 4 MiB on a volume that nobody has written to, or takes the one that is
 * there, and writes files: each is made, or replaced. The host waits for a system that is down.
 */
export interface WriteFilesStep<V extends string = string> {
  readonly kind: "write-files";
  readonly volume: V;
  readonly fileSystem: "new" | "present";
  readonly files: readonly NamedFile[];
}

export interface RemoveFilesStep<V extends string = string> {
  readonly kind: "remove-files";
  readonly volume: V;
  readonly paths: readonly string[];
}

/** From here on a host uses the volume, until `dismount`: a restore is refused. */
export interface MountStep<V extends string = string> {
  readonly kind: "mount" | "dismount";
  readonly volume: V;
}

/** The restoring program of Fig. 5 and 6, at the host of the secondary. Ends when all is restored. */
export interface RestoreFilesStep<P extends string = string> {
  readonly kind: "restore-files";
  /** The local mirror with the backup. */
  readonly from: P;
  readonly names: readonly string[] | "all";
}

/** Steps that deal with the files of a volume. */
export type FileStep<V extends string = string, P extends string = string> =
  | WriteFilesStep<V>
  | RemoveFilesStep<V>
  | MountStep<V>
  | RestoreFilesStep<P>;

/** At the end the volume has exactly these files. */
export interface FilesHold<V extends string = string> {
  readonly kind: "files-hold";
  readonly volume: V;
  readonly files: readonly NamedFile[];
}

const FILES_MAX = 100;
const pathSchema = z
  .string()
  .max(256)
  .regex(/^(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}){1,8}$/, "an absolute path such as /mail/inbox");
const pathsSchema = z.array(pathSchema).min(1).max(FILES_MAX);
const filesSchema = z
  .array(
    z.strictObject({
      path: pathSchema,
      content: z.string().min(1).max(64),
      sizeBytes: z
        .number()
        .int()
        .min(0)
        .max(FILE_SYSTEM_BYTES / 2),
    }),
  )
  .max(FILES_MAX);

/** For the union of all steps. */
export const fileStepSchemas = [
  z.strictObject({
    kind: z.literal("write-files"),
    volume: nameSchema,
    fileSystem: z.enum(["new", "present"]),
    files: filesSchema,
  }),
  z.strictObject({ kind: z.literal("remove-files"), volume: nameSchema, paths: pathsSchema }),
  z.strictObject({ kind: z.literal("mount"), volume: nameSchema }),
  z.strictObject({ kind: z.literal("dismount"), volume: nameSchema }),
  z.strictObject({
    kind: z.literal("restore-files"),
    from: nameSchema,
    names: z.union([pathsSchema, z.literal("all")]),
  }),
] as const;

const KINDS: ReadonlySet<string> = new Set(fileStepSchemas.map((schema) => schema.shape.kind.value));

/** Whether the step deals with the files of a volume. */
export function isFileStep(step: { readonly kind: string }): step is FileStep {
  return KINDS.has(step.kind);
}

/** For the union of all expectations. */
export const filesHoldSchema = z.strictObject({
  kind: z.literal("files-hold"),
  volume: nameSchema,
  files: filesSchema,
});

/** The mirrors of a restore: a local one with the backup, and the remote one whose secondary it copies. */
export function restorePath(
  from: string,
  topology: Topology,
): { readonly local: TopologyPair; readonly remote: TopologyPair } | undefined {
  const local = topology.pairs.find(({ name, link }) => name === from && link === undefined);
  const remote = topology.pairs.find(({ secondary, link }) => link !== undefined && secondary === local?.primary);
  return local === undefined || remote === undefined ? undefined : { local, remote };
}

/** Volumes have room for the file system, and a restore has its two mirrors. @throws PlanError */
export function checkFiles(part: FileStep | FilesHold, topology: Topology, path: string): void {
  if (part.kind === "restore-files") {
    if (restorePath(part.from, topology) === undefined)
      throw new PlanError(`${path}.from`, part.from, "a local mirror of the secondary of a remote one");
    return;
  }
  const volumes = topology.systems.flatMap((system) => system.volumes);
  const sizeBytes = volumes.find(({ name }) => name === part.volume)?.sizeBytes;
  if (sizeBytes === undefined)
    throw new PlanError(`${path}.volume`, part.volume, `one of ${volumes.map(({ name }) => name).join(", ")}`);
  if (sizeBytes < FILE_SYSTEM_BYTES)
    throw new PlanError(`${path}.volume`, `${sizeBytes} bytes`, `a volume of ${FILE_SYSTEM_BYTES} bytes at least`);
}
