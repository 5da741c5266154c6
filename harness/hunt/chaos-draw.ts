import { below, type Random } from "../../engine/ports/index.ts";

/** A whole number from `min` to `max`, both included. */
export function between(random: Random, min: number, max: number): number {
  return min + below(random, max - min + 1);
}

/** A whole number from `min`, at least 1, to `max`; each doubling of it is about as likely as any other. */
export function acrossOrders(random: Random, min: number, max: number): number {
  const starts: number[] = [];
  for (let start = min; start <= max; start *= 2) starts.push(start);
  const start = pick(random, starts);
  return between(random, start, Math.min(max, 2 * start - 1));
}

/** One of `choices`, which are not empty. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[below(random, choices.length)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
}
