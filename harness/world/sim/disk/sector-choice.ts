import type { PowerLossChoice, Unflushed } from "../../world.ts";
import type { SectorChoice } from "./power-loss.ts";

/** What a choice says of one disk. */
export function sectorChoice({ survive, lose = [] }: PowerLossChoice, disk: string): SectorChoice {
  const named = new Map<number, Unflushed[]>();
  for (const one of survive ?? lose) {
    if (one.disk !== disk) continue;
    const others = named.get(one.latest);
    if (others === undefined) named.set(one.latest, [one]);
    else others.push(one);
  }
  const isNamed = (latest: number, sectorIndex: number): boolean =>
    named.get(latest)?.some(({ sectors: [from, to] = [0, Infinity] }) => sectorIndex >= from && sectorIndex < to) ===
    true;
  return { keeps: (latest, sectorIndex) => isNamed(latest, sectorIndex) === (survive !== undefined) };
}
