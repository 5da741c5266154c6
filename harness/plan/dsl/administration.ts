import type { AdminStep, RecoveryPoint } from "../admin-step.ts";
import type { MarkStep, ReadImageStep } from "../step.ts";

/**
 * Where a command is given (BR-12); where it belongs, without: `takeover` at the secondary, those to a local
 * mirror or a volume at the system that has it, the others at the primary.
 */
export interface At<S extends string> {
  readonly at?: S;
}

/** Makes the pair as the topology describes it and starts the initial copy. */
export function create<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> = {},
): AdminStep<P, S, never> {
  return { kind: "create", pair, ...options };
}

/** Suspends the mirror deliberately. Hosts may read the secondary, and with `read-write` write to it. */
export function split<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> & { readonly secondary?: "read-only" | "read-write" } = {},
): AdminStep<P, S, never> {
  return { kind: "split", pair, secondary: "read-only", ...options };
}

/** Brings the pair together again; `reverse` makes the primary equal to the secondary. */
export function resync<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> & { readonly direction?: "forward" | "reverse" } = {},
): AdminStep<P, S, never> {
  return { kind: "resync", pair, ...options };
}

/** Makes the secondary the primary while the other is gone. */
export function takeover<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> = {},
): AdminStep<P, S, never> {
  return { kind: "takeover", pair, ...options };
}

/** Swaps the roles of a DUPLEX pair. */
export function failback<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> = {},
): AdminStep<P, S, never> {
  return { kind: "failback", pair, ...options };
}

/** Forgets a pair that is split, or a local mirror; its volumes stay as they are. `here`: at the end named by `at` alone. */
export function deletePair<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> & { readonly scope?: "both" | "here" } = {},
): AdminStep<P, S, never> {
  return { kind: "delete", pair, scope: "both", ...options };
}

/**
 * Splits the local mirrors `mirrors` at the moment of the command (BR-6, BR-8). Given at the primary of the remote
 * pairs that lead to them, which are those of the topology without `pairs`.
 */
export function backup<const P extends string, const S extends string = never>(options: {
  readonly mirrors: readonly P[];
  readonly pairs?: readonly P[];
  readonly at?: S;
}): AdminStep<P, S, never> {
  return { kind: "backup", ...options };
}

/** The primary volume of a local mirror gets the mirror's content, while hosts use it (CR-2). */
export function restore<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> & { readonly scope?: "changed" | "all" } = {},
): AdminStep<P, S, never> {
  return { kind: "restore", pair, scope: "changed", ...options };
}

/** The volume gets the content of its image (LS-8). */
export function rollback<const V extends string, const S extends string = never>(
  volume: V,
  options: At<S> = {},
): AdminStep<never, S, V> {
  return { kind: "rollback", volume, ...options };
}

/**
 * The volume gets the content of an earlier moment (JR-4): that of the `mark`, by LSN or `by: "time"`, or of an entry
 * `{ lsn }`. By `swap` it is exchanged for its base (JR-6).
 */
export function recover<const V extends string, const S extends string = never>(
  volume: V,
  options: At<S> & {
    readonly to: string | { readonly lsn: number };
    readonly by?: "lsn" | "time";
    readonly method?: "apply" | "swap";
  },
): AdminStep<never, S, V> {
  const { to, by = "lsn", method = "apply", at } = options;
  const point: RecoveryPoint = typeof to === "string" ? { mark: to, by } : to;
  return { kind: "recover", volume, to: point, method, ...(at === undefined ? {} : { at }) };
}

/** As {@link recover}, all volumes whose journals are of the group of `volume`'s, to one moment (JR-2). The mark must be of `volume`. */
export function recoverGroup<const V extends string, const S extends string = never>(
  volume: V,
  options: Parameters<typeof recover<V, S>>[1],
): AdminStep<never, S, V> {
  const { to, by = "lsn", method = "apply", at } = options;
  const point: RecoveryPoint = typeof to === "string" ? { mark: to, by } : to;
  return { kind: "recover-group", volume, to: point, method, ...(at === undefined ? {} : { at }) };
}

/** Remembers this moment of the volumes: a point for `recover`, a content for `unchanged`. A later mark of the label replaces it. */
export function mark<const V extends string>(label: string, volumes: readonly V[]): MarkStep<V> {
  return { kind: "mark", label, volumes };
}

/** Reads the whole image of the volume, which must be there; the model checks what it holds (S). */
export function readImage<const V extends string>(volume: V): ReadImageStep<V> {
  return { kind: "read-image", volume };
}
