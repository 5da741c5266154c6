import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { type BadSector, blameSectors, describeContent } from "./blame.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { PairState } from "./pair-state.ts";
import { hashSectors } from "./sector-hash.ts";

const PIECE_BYTES = 64 * 1024;
const SECTORS_MAX = 4096;
const oneHash = new Float64Array(1);

/** Invariant C: at rest, a pair that both ends call DUPLEX, nothing pending, is equal on both disks, every byte. */
export class Converged {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  check(): void {
    const { findings, incidents } = this.#model;
    for (const pair of this.#model.pairs) {
      this.#model.observe(pair);
      const [one, two] = pair.sides;
      if (!pair.isDuplexAtBothEnds) continue;
      // Who waits for rest does not wait for a pair whose deletion nobody answered: it may be there, and at work.
      if (pair.sides.some(({ report }) => (report?.pendingTracks ?? 0) > 0)) continue;
      if (this.#model.live(one.disk.system) === undefined || this.#model.live(two.disk.system) === undefined) continue;
      // Its content may be complete at one end before the other.
      if (pair.sides.some(({ disk }) => this.#model.restoring.has(disk))) continue;
      findings.count("C");
      const bad = compare(one.disk, two.disk);
      if (bad.length === 0) continue;
      findings.fail("C", pair.config.name, `DUPLEX and at rest, but ${bad.length} sectors differ`, () =>
        blameSectors(two.disk, bad, incidents),
      );
    }
  }

  /** Where the secondary's disk differs from the primary's, as bad sectors of the former. */
  differences(pair: PairState): BadSector[] {
    return compare(pair.sides[0].disk, pair.sides[1].disk);
  }
}

/** Compares the bytes themselves, not what is known of them: nothing that a disk did untold can hide. */
function compare(one: DiskState, two: DiskState): BadSector[] {
  const bad: BadSector[] = [];
  const endBytes = Math.min(one.view.sizeBytes, two.view.sizeBytes);
  for (const at of pieces(one, two, endBytes)) {
    const lengthBytes = Math.min(PIECE_BYTES, endBytes - at);
    const left = one.view.peek(at, lengthBytes);
    const right = two.view.peek(at, lengthBytes);
    if (left === right || sameBytes(left, right, 0, lengthBytes)) continue;
    for (let start = 0; start < lengthBytes && bad.length < SECTORS_MAX; start += SECTOR_BYTES) {
      if (sameBytes(left, right, start, start + SECTOR_BYTES)) continue;
      const sector = (at + start) / SECTOR_BYTES;
      const expected = `${one.volume} holds ${describeContent(one, sector, hashOf(left, start))}`;
      bad.push({ sector, found: hashOf(right, start), expected, against: one });
    }
  }
  return bad;
}

function hashOf(piece: Uint8Array, start: number): number {
  hashSectors(piece.subarray(start, start + SECTOR_BYTES), oneHash);
  return oneHash[0] as number;
}

/** Offsets of the pieces in which either disk may hold anything but zeros. */
function pieces(one: DiskState, two: DiskState, endBytes: number): Iterable<number> {
  const wanted = new Set<number>();
  for (const { view } of [one, two]) {
    const ranges = view.allocatedRanges?.() ?? [{ offsetBytes: 0, lengthBytes: view.sizeBytes }];
    for (const range of ranges) {
      const end = Math.min(endBytes, range.offsetBytes + range.lengthBytes);
      for (let at = range.offsetBytes - (range.offsetBytes % PIECE_BYTES); at < end; at += PIECE_BYTES) wanted.add(at);
    }
  }
  return [...wanted].sort((left, right) => left - right);
}

function sameBytes(left: Uint8Array, right: Uint8Array, start: number, end: number): boolean {
  if ((left.byteOffset + start) % 4 !== 0 || (right.byteOffset + start) % 4 !== 0) {
    for (let index = start; index < end; index++) if (left[index] !== right[index]) return false;
    return true;
  }
  const wordCount = (end - start) / 4;
  const leftWords = new Uint32Array(left.buffer, left.byteOffset + start, wordCount);
  const rightWords = new Uint32Array(right.buffer, right.byteOffset + start, wordCount);
  // Sectors are whole, so the words come in fours.
  for (let index = 0; index < wordCount; index += 4) {
    const differs =
      ((leftWords[index] as number) ^ (rightWords[index] as number)) |
      ((leftWords[index + 1] as number) ^ (rightWords[index + 1] as number)) |
      ((leftWords[index + 2] as number) ^ (rightWords[index + 2] as number)) |
      ((leftWords[index + 3] as number) ^ (rightWords[index + 3] as number));
    if (differs !== 0) return false;
  }
  return true;
}
