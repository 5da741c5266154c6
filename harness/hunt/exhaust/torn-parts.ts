import type { UnflushedSector } from "../../world/run-world.ts";
import type { Unflushed } from "../../world/world.ts";

/** What one disk holds that is not durable. */
export interface UnflushedDisk {
  readonly disk: string;
  readonly sectors: readonly UnflushedSector[];
  /** What the sector is a part of: `data of pvol`, `tables of a`. */
  readonly objectOf: (sectorIndex: number) => string;
  /** When the request began, among those of all disks: rising. */
  readonly beganAt: (latest: number) => number;
}

/** Sectors of one write that survive or are lost together. */
export interface TornPart {
  readonly what: Unflushed;
  readonly object: string;
}

/** The versions of one sector: what is durable, then by the part that wrote it, oldest first. */
export interface SectorChain {
  readonly durable: number;
  readonly versions: readonly { readonly part: number; readonly content: number }[];
}

/** What may survive a loss of power or not, in parts. */
export interface TornParts {
  /** In the order in which their writes began; those of one write rising. */
  readonly parts: readonly TornPart[];
  readonly chains: readonly SectorChain[];
  /** Sectors of writes that count: those that some write changes. */
  readonly sectorCount: number;
  /** Each part is a single sector: of all subsets none is left out. */
  readonly isWhole: boolean;
}

interface WrittenSector {
  readonly disk: UnflushedDisk;
  readonly latest: number;
  readonly sectorIndex: number;
}

/**
 * Divides what is not durable into parts. Sectors that no write changes are left out: whether they survive makes no
 * difference. Up to `sectorsMax` each sector is a part. Of more, those of one write are torn alike except at its first
 * and its last.
 */
export function tornParts(disks: readonly UnflushedDisk[], sectorsMax: number): TornParts {
  const written: WrittenSector[] = [];
  const changing = disks.map((disk) => ({
    disk,
    sectors: disk.sectors.filter(({ durable, versions }) => versions.some(({ content }) => content !== durable)),
  }));
  for (const { disk, sectors } of changing)
    for (const { sectorIndex, versions } of sectors)
      for (const { latest } of versions) written.push({ disk, latest, sectorIndex });
  written.sort(
    (one, other) =>
      one.disk.beganAt(one.latest) - other.disk.beganAt(other.latest) ||
      compareText(one.disk.disk, other.disk.disk) ||
      other.latest - one.latest ||
      one.sectorIndex - other.sectorIndex,
  );
  const isWhole = written.length <= sectorsMax;
  const parts: TornPart[] = [];
  const partOf = new Map<string, number>();
  for (const write of byWrite(written)) {
    for (const group of isWhole || write.length <= 3 ? write.map((one) => [one]) : firstMiddleLast(write)) {
      const [first] = group;
      const last = group.at(-1);
      if (first === undefined || last === undefined) continue;
      const { disk, latest, sectorIndex } = first;
      for (const one of group) partOf.set(keyOf(one), parts.length);
      const sectors: [number, number] = [sectorIndex, last.sectorIndex + 1];
      parts.push({ what: { disk: disk.disk, latest, sectors }, object: disk.objectOf(sectorIndex) });
    }
  }
  const chains = changing.flatMap(({ disk, sectors }) =>
    sectors.map(({ sectorIndex, durable, versions }) => ({
      durable,
      versions: versions.map(({ latest, content }) => {
        const part = partOf.get(keyOf({ disk, latest, sectorIndex }));
        if (part === undefined) throw new Error(`a sector of no part: ${sectorIndex} of ${disk.disk}`);
        return { part, content };
      }),
    })),
  );
  return { parts, chains, sectorCount: written.length, isWhole };
}

/** Neighbours of one write, in one list each. */
function byWrite(written: readonly WrittenSector[]): WrittenSector[][] {
  const writes: WrittenSector[][] = [];
  for (const one of written) {
    const before = writes.at(-1);
    if (before?.[0]?.disk === one.disk && before[0].latest === one.latest) before.push(one);
    else writes.push([one]);
  }
  return writes;
}

function firstMiddleLast<T>(items: readonly T[]): T[][] {
  return [items.slice(0, 1), items.slice(1, -1), items.slice(-1)];
}

function keyOf({ disk, latest, sectorIndex }: WrittenSector): string {
  return `${disk.disk} ${latest} ${sectorIndex}`;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
