import type { Census } from "../history/census.ts";
import type { Blow, CrashPoint } from "./crash-point.ts";

/** The points that are to be tried. */
export interface ChosenPoints {
  readonly points: readonly CrashPoint[];
  /** How many there are in all. */
  readonly total: number;
  /** Every so many of them is tried; 1 for all. */
  readonly stride: number;
}

/**
 * Every action of every program, with every blow that may strike it: those at disks by disk, those at frames by link,
 * in the order of the census.
 *
 * @param options `stride`: only every so many; `pointsMax`: the stride grows until there are at most so many
 */
export function crashPoints(
  census: Census,
  blows: readonly Blow[],
  options: { readonly stride?: number; readonly pointsMax: number },
): ChosenPoints {
  const all: CrashPoint[] = [];
  for (const blow of blows) {
    if (blow !== "cut")
      for (const { system, disk, count } of census.disks)
        for (let nth = 1; nth <= count; nth++) all.push({ system, at: { kind: "disk-write", disk, nth }, blow });
    if (blow !== "error")
      for (const { system, link, count } of census.links)
        for (let nth = 1; nth <= count; nth++) all.push({ system, at: { kind: "sent", link, nth }, blow });
  }
  const stride = Math.max(options.stride ?? 1, Math.ceil(all.length / options.pointsMax));
  return { points: all.filter((_point, index) => index % stride === 0), total: all.length, stride };
}
