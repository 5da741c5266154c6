import { z } from "zod";
import { nameSchema } from "../fault/bounds.ts";

/** One volume; its name is unique in the whole topology. */
export interface TopologyVolume<V extends string = string> {
  readonly name: V;
  /** Whole sectors; the last track may be partial. */
  readonly sizeBytes: number;
  /** A power of two, 512 bytes to 1 MiB. */
  readonly trackBytes: number;
  /** Bytes that a remote mirror marks durably at once: a power of two, `trackBytes` at least, which it is without. */
  readonly regionBytes?: number;
  /** Regions that stay marked while they are in use; 256 without. */
  readonly hotRegions?: number;
}

/** One storage system. */
export interface TopologySystem<S extends string = string, V extends string = string> {
  readonly name: S;
  readonly volumes: readonly TopologyVolume<V>[];
  /** Images that this system keeps of its volumes at a suspension (LS-1). */
  readonly images?: readonly TopologyImage<V>[];
  /** Journals that this system keeps of its volumes (JR-1). */
  readonly journals?: readonly TopologyJournal<V>[];
}

/** How a volume's image is kept. */
export interface TopologyImage<V extends string = string> {
  readonly volume: V;
  readonly method: "reserved-area" | "old-data" | "lsn";
  /** The volume with room for it, for nothing else; without for `lsn`, which needs a journal of the volume. */
  readonly area?: V;
}

/** Where a volume's journal is. */
export interface TopologyJournal<V extends string = string> {
  readonly volume: V;
  /** Holds the entries; for nothing else. */
  readonly log: V;
  /** Holds the image that the entries follow, of the volume's size; for nothing else. */
  readonly base: V;
  /** Volumes of one group can be recovered together. */
  readonly group?: string;
}

/** One link: the first system dials, the second listens. Bytes from first to second flow `upstream`. */
export interface TopologyLink<L extends string = string, S extends string = string> {
  readonly name: L;
  readonly between: readonly [S, S];
}

/** One mirror, made by the step `create`; without a link a local one. */
export interface TopologyPair<P extends string = string, V extends string = string, L extends string = string> {
  readonly name: P;
  readonly primary: V;
  readonly secondary: V;
  /** Without, both volumes are of one system: a local mirror. */
  readonly link?: L;
  readonly mode: "sync" | "async";
  /** What remembers updates durably (LS-3); `bitmap` without. */
  readonly tracker?: "bitmap" | "lsn";
}

/** The systems of a scenario and what connects them. */
export interface Topology<
  S extends string = string,
  V extends string = string,
  L extends string = string,
  P extends string = string,
> {
  readonly systems: readonly TopologySystem<S, V>[];
  readonly links: readonly TopologyLink<L, S>[];
  readonly pairs: readonly TopologyPair<P, V, L>[];
  /** Of every link, one way, without any fault. */
  readonly latencyUs: number;
}

/** The names that steps may use. */
export interface Names {
  readonly system: string;
  readonly volume: string;
  readonly link: string;
  readonly pair: string;
}

/** The names of one topology, as the compiler knows them. */
export interface NamesOf<T extends Topology> extends Names {
  readonly system: T["systems"][number]["name"];
  readonly volume: T["systems"][number]["volumes"][number]["name"];
  readonly link: T["links"][number]["name"];
  readonly pair: T["pairs"][number]["name"];
}

const sizeBytesSchema = z
  .number()
  .int()
  .min(512)
  .max(2 ** 40)
  .multipleOf(512);

const powerOfTwoSchema = (max: number) =>
  z
    .number()
    .int()
    .min(512)
    .max(max)
    .refine((bytes) => Number.isInteger(Math.log2(bytes)), "must be a power of two");

const trackBytesSchema = powerOfTwoSchema(1_048_576);
const regionBytesSchema = powerOfTwoSchema(2 ** 30);

const volumeSchema = z
  .strictObject({
    name: nameSchema,
    sizeBytes: sizeBytesSchema,
    trackBytes: trackBytesSchema,
    regionBytes: regionBytesSchema.exactOptional(),
    hotRegions: z.number().int().min(1).max(65_536).exactOptional(),
  })
  .refine(({ trackBytes, regionBytes = trackBytes }) => regionBytes >= trackBytes, "a region is a track at least");

/** Bounds of a topology; whether its names fit together is checked by `checkNames`. */
export const topologySchema = z.strictObject({
  systems: z
    .array(
      z.strictObject({
        name: nameSchema,
        volumes: z.array(volumeSchema).max(64),
        images: z
          .array(
            z.strictObject({
              volume: nameSchema,
              method: z.enum(["reserved-area", "old-data", "lsn"]),
              area: nameSchema.exactOptional(),
            }),
          )
          .max(64)
          .exactOptional(),
        journals: z
          .array(
            z.strictObject({
              volume: nameSchema,
              log: nameSchema,
              base: nameSchema,
              group: nameSchema.exactOptional(),
            }),
          )
          .max(64)
          .exactOptional(),
      }),
    )
    .min(1)
    .max(16),
  links: z
    .array(
      z.strictObject({
        name: nameSchema,
        between: z.tuple([nameSchema, nameSchema]),
      }),
    )
    .max(32),
  pairs: z
    .array(
      z.strictObject({
        name: nameSchema,
        primary: nameSchema,
        secondary: nameSchema,
        link: nameSchema.exactOptional(),
        mode: z.enum(["sync", "async"]),
        tracker: z.enum(["bitmap", "lsn"]).exactOptional(),
      }),
    )
    .max(64),
  latencyUs: z.number().int().min(0).max(10_000_000),
}) satisfies z.ZodType<Topology>;
