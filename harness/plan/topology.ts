import { z } from "zod";
import { nameSchema } from "../fault/bounds.ts";

/** One volume; its name is unique in the whole topology. */
export interface TopologyVolume<V extends string = string> {
  readonly name: V;
  /** Whole sectors; the last track may be partial. */
  readonly sizeBytes: number;
  /** A power of two, 512 bytes to 1 MiB. */
  readonly trackBytes: number;
}

/** One storage system. */
export interface TopologySystem<S extends string = string, V extends string = string> {
  readonly name: S;
  readonly volumes: readonly TopologyVolume<V>[];
}

/** One link: the first system dials, the second listens. Bytes from first to second flow `upstream`. */
export interface TopologyLink<L extends string = string, S extends string = string> {
  readonly name: L;
  readonly between: readonly [S, S];
}

/** One remote mirror, made by the step `create`. */
export interface TopologyPair<P extends string = string, V extends string = string, L extends string = string> {
  readonly name: P;
  readonly primary: V;
  readonly secondary: V;
  readonly link: L;
  readonly mode: "sync" | "async";
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

const trackBytesSchema = z
  .number()
  .int()
  .min(512)
  .max(1_048_576)
  .refine((bytes) => Number.isInteger(Math.log2(bytes)), "must be a power of two");

/** Bounds of a topology; whether its names fit together is checked by `checkNames`. */
export const topologySchema = z.strictObject({
  systems: z
    .array(
      z.strictObject({
        name: nameSchema,
        volumes: z
          .array(z.strictObject({ name: nameSchema, sizeBytes: sizeBytesSchema, trackBytes: trackBytesSchema }))
          .max(64),
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
        link: nameSchema,
        mode: z.enum(["sync", "async"]),
      }),
    )
    .max(64),
  latencyUs: z.number().int().min(0).max(10_000_000),
}) satisfies z.ZodType<Topology>;
