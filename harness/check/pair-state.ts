import type { PairReport } from "../target/target.ts";
import type { CheckedPair, LiveSystem } from "./checker.ts";
import type { DiskState } from "./disk-state.ts";
import { PairDifference } from "./pair-difference.ts";

/** One end of a pair: its disk, and what its system last said of it. */
export interface PairSide {
  readonly disk: DiskState;
  report: PairReport | undefined;
}

/** A pair with both ends, as the checker follows it. */
export class PairState {
  readonly config: CheckedPair;
  readonly sides: readonly [PairSide, PairSide];
  readonly difference: PairDifference;
  /** Both volumes are of one system. */
  readonly isLocal: boolean;

  constructor(config: CheckedPair, primary: DiskState, secondary: DiskState) {
    this.config = config;
    this.sides = [
      { disk: primary, report: undefined },
      { disk: secondary, report: undefined },
    ];
    this.difference = new PairDifference(config, primary, secondary);
    this.isLocal = primary.system === secondary.system;
  }

  side(disk: DiskState): PairSide {
    return this.sides[0].disk === disk ? this.sides[0] : this.sides[1];
  }

  other(disk: DiskState): PairSide {
    return this.sides[0].disk === disk ? this.sides[1] : this.sides[0];
  }

  /** The end that is secondary now, as its own system says; `undefined` if none or both say so. */
  get secondary(): PairSide | undefined {
    const [one, two] = this.sides;
    if (one.report?.role === "secondary") return two.report?.role === "secondary" ? undefined : one;
    return two.report?.role === "secondary" ? two : undefined;
  }

  /** Reads what the live systems say. True if a status changed. */
  refresh(live: (system: string) => LiveSystem | undefined): boolean {
    let changed = false;
    for (const side of this.sides) {
      const system = live(side.disk.system);
      if (system === undefined) continue;
      const report = reportOf(system, this.config.name, side.disk.name);
      const before = side.report;
      if (
        before?.status !== report?.status ||
        before?.role !== report?.role ||
        before?.consistent !== report?.consistent ||
        before?.suspension !== report?.suspension ||
        before?.splitCount !== report?.splitCount
      )
        changed = true;
      side.report = report;
    }
    return changed;
  }

  /** What both ends say of themselves. */
  get isDuplexAtBothEnds(): boolean {
    return this.sides[0].report?.status === "DUPLEX" && this.sides[1].report?.status === "DUPLEX";
  }

  /** True if the content of this end may be replaced by the other's. A split local mirror holds its moment. */
  mayBeOverwritten(side: PairSide): boolean {
    const { report } = side;
    if (report === undefined) return false;
    if (!report.consistent) return true;
    return report.role === "secondary" && !(this.isLocal && report.status === "SPLIT");
  }
}

/** What a system says of its end of a pair. */
function reportOf(system: LiveSystem, pair: string, volume: string): PairReport | undefined {
  for (const report of system.pairs()) if (report.pair === pair && report.volume === volume) return report;
  return undefined;
}
