import { below, type Random } from "../../../../engine/ports/index.ts";
import type { UndoLog } from "./undo-log.ts";

/**
 * What a power loss leaves of the sectors that were not durable:
 * - `random`: each request draws how its sectors fare (all lost, all kept, each on its own), then
 *   each sector falls back version by version. Every outcome that a real disk allows can come;
 *   requests that survive whole or not at all come often enough to find bugs of order.
 * - `sectors`: every sector on its own, with even odds a version.
 * - `lose-all`: back to the durable version. `keep-all`: nothing is lost.
 */
export type PowerLossMode = "random" | "sectors" | "lose-all" | "keep-all";

/** Says of each version of a sector that is not durable whether it survives; the latest that does is kept. */
export interface SectorChoice {
  /** @param latest which request wrote it, 1 for the latest of the disk, those in flight among them */
  readonly keeps: (latest: number, sectorIndex: number) => boolean;
}

/** What a power loss did. */
export interface PowerLossOutcome {
  /** Runs of sectors whose visible content may have changed, rising. */
  readonly runs: readonly { firstSector: number; sectorCount: number }[];
  /** Sectors that did not keep their newest version. */
  readonly lostSectorCount: number;
}

/** The odds of survival in steps of a half: 0 lost, 1 even, 2 kept. */
type Odds = 0 | 1 | 2;

/**
 * Chooses a version for every sector in the log and restores it.
 *
 * @param visibleTail records from here on were still in flight: their data was not visible yet
 * @param newestRequest the number of the latest request, recorded or not
 * @param restore puts a sector back; called only for sectors that lose their newest version
 */
export function resolvePowerLoss<Overlay>(
  undo: UndoLog<Overlay>,
  visibleTail: number,
  mode: PowerLossMode | SectorChoice,
  newestRequest: number,
  random: Random,
  restore: (sectorIndex: number, bytes: Uint8Array | undefined, overlay: Overlay | undefined) => void,
): PowerLossOutcome {
  const isKept = survivalIn(undo, mode, newestRequest, random);
  const changed: number[] = [];
  let lostSectorCount = 0;
  for (const [sector, versions] of versionsBySector(undo)) {
    // versions[i] replaced version i; the newest version, number versions.length, is in the medium.
    let kept = versions.length;
    while (kept > 0 && !isKept(versions[kept - 1] as number, sector, kept === versions.length)) kept--;
    const visible = versions.filter((sequence) => sequence < visibleTail).length;
    if (kept !== visible) changed.push(sector);
    if (kept === versions.length) continue;
    lostSectorCount++;
    const replacedBy = versions[kept] as number;
    restore(sector, undo.oldSector(replacedBy, sector), undo.notes.get(replacedBy)?.overlay?.get(sector));
  }
  return { runs: runsOf(changed), lostSectorCount };
}

/** The records that hold a sector's older versions, oldest first, by sector in order of first write. */
export function versionsBySector<Overlay>(undo: UndoLog<Overlay>): Map<number, number[]> {
  const versions = new Map<number, number[]>();
  for (let sequence = undo.head; sequence < undo.tail; sequence++) {
    const first = undo.firstSector(sequence);
    const end = first + undo.sectorCount(sequence);
    for (let sector = first; sector < end; sector++) {
      if (undo.isBarrier(sequence)) versions.delete(sector);
      else {
        const list = versions.get(sector);
        if (list === undefined) versions.set(sector, [sequence]);
        else list.push(sequence);
      }
    }
  }
  return versions;
}

/** One draw a request in mode `random`, in the order of the requests. */
function drawOdds<Overlay>(undo: UndoLog<Overlay>, mode: PowerLossMode, random: Random): (sequence: number) => Odds {
  if (mode !== "random") {
    const same: Odds = mode === "lose-all" ? 0 : mode === "keep-all" ? 2 : 1;
    return () => same;
  }
  const head = undo.head;
  const drawn: Odds[] = [];
  for (let sequence = head; sequence < undo.tail; sequence++) {
    const sameRequest = sequence > head && undo.request(sequence) === undo.request(sequence - 1);
    drawn.push(sameRequest ? (drawn[drawn.length - 1] as Odds) : (below(random, 3) as Odds));
  }
  return (sequence) => drawn[sequence - head] as Odds;
}

/** Whether the version of `sector` that record `sequence` wrote survives. */
function survivalIn<Overlay>(
  undo: UndoLog<Overlay>,
  mode: PowerLossMode | SectorChoice,
  newestRequest: number,
  random: Random,
): (sequence: number, sector: number, isNewest: boolean) => boolean {
  if (typeof mode === "object")
    return (sequence, sector) => mode.keeps(newestRequest - undo.request(sequence) + 1, sector);
  const odds = drawOdds(undo, mode, random);
  return (sequence, sector, isNewest) => {
    const note = undo.notes.size === 0 ? undefined : undo.notes.get(sequence);
    if (isNewest && note?.torn !== undefined) return note.torn(sector);
    const own = odds(sequence);
    return own === 2 || (own === 1 && below(random, 2) === 1);
  };
}

function runsOf(sectors: number[]): { firstSector: number; sectorCount: number }[] {
  sectors.sort((left, right) => left - right);
  const runs: { firstSector: number; sectorCount: number }[] = [];
  for (const sector of sectors) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last.firstSector + last.sectorCount === sector) last.sectorCount++;
    else runs.push({ firstSector: sector, sectorCount: 1 });
  }
  return runs;
}
