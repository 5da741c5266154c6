import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { DiskChange } from "../world/run-world.ts";
import { blameSectors } from "./blame.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { PairState } from "./pair-state.ts";

/** Up to so many differing tracks all are looked at whenever one changes. */
const TRACKS_EACH_TIME = 64;

/**
 * Invariant D: a track in which the volumes of a pair differ is pending on one side or the other.
 * While a side is down, what it knows is on its disk: then the check waits for its return.
 */
export class KnownDifference {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  changed(disk: DiskState, { offsetBytes, lengthBytes }: DiskChange): void {
    for (const pair of this.#model.pairsOf(disk)) {
      const { difference } = pair;
      if (difference.trackCount === 0) continue;
      if (difference.trackCount <= TRACKS_EACH_TIME) this.#check(pair);
      else this.#check(pair, difference.tracksOf(offsetBytes, lengthBytes));
    }
  }

  /** After an acknowledgement, when a pending bit may just have been cleared. */
  acknowledged(disk: DiskState): void {
    for (const pair of this.#model.pairsOf(disk)) {
      const { trackCount } = pair.difference;
      if (trackCount > 0 && trackCount <= TRACKS_EACH_TIME) this.#check(pair);
    }
  }

  /** Every differing track of every pair. */
  checkAll(): void {
    for (const pair of this.#model.pairs) if (pair.difference.trackCount > 0) this.#check(pair);
  }

  #check(pair: PairState, tracks?: readonly number[]): void {
    const [one, two] = pair.sides;
    const { name } = pair.config;
    const first = this.#model.live(one.disk.system);
    const second = this.#model.live(two.disk.system);
    const firstView = first?.pending(name);
    const secondView = second?.pending(name);
    if (firstView === undefined && secondView === undefined) return;
    let unknown = pair.difference.unknownTracks(firstView, secondView, tracks);
    // What one end of a pair still has to bring by itself, the other one need not know.
    if (unknown.length > 0 && this.#model.restoring.size > 0)
      unknown = unknown.filter((track) => !pair.sides.some(({ disk }) => this.#isLeft(disk, track, pair)));
    const { findings, incidents } = this.#model;
    if (unknown.length === 0) {
      findings.count("D");
      return;
    }
    // A system that is down, or has deleted the pair: there is nothing to resynchronise with now.
    if (firstView === undefined || secondView === undefined) return;
    findings.count("D");
    const shown = unknown.slice(0, 8).join(", ");
    const message = `${unknown.length} tracks differ and are pending on neither side: ${shown}${unknown.length > 8 ? ", …" : ""}`;
    findings.fail("D", pair.config.name, message, () =>
      blameSectors(two.disk, pair.difference.sectors(unknown), incidents),
    );
  }

  #isLeft(disk: DiskState, track: number, { config }: PairState): boolean {
    return this.#model.isLeft(disk, (track * config.trackBytes) / SECTOR_BYTES);
  }
}
