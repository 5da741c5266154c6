import type { z } from "zod";
import type { Effects, Injection, World } from "../world/world.ts";

/** How true to the real thing a world realises a fault. */
export type Realisation = "exact" | "approximated" | "impossible";

/** The parameters of a fault, as a plan holds them: plain data with the kind as discriminator. */
export interface FaultParams {
  readonly kind: string;
}

/** One way in which the world can misbehave (rule 8). */
export interface Fault<P extends FaultParams> {
  readonly kind: P["kind"];
  /** One sentence for people: what it does to whom. */
  readonly meaning: string;
  /** Parameters with their bounds. */
  readonly schema: z.ZodType<P> & z.core.$ZodTypeDiscriminable;
  readonly realisedIn: { readonly sim: Realisation; readonly containers: Realisation };
  /** What it acts on, as a plan names it: a link, a disk or a system. */
  on(params: P): string;
  apply(world: World, params: P): Injection;
  /** Whether the counters that the world kept show that it did anything (HX-11). */
  effective(effects: Effects): boolean;
}

/** True if any of `names` was counted; of all counters, without names. */
export function counted(effects: Effects, ...names: readonly string[]): boolean {
  const entries = Object.entries(effects);
  return entries.some(([name, count]) => count > 0 && (names.length === 0 || names.includes(name)));
}
