import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { PairReport } from "../target/target.ts";
import type { RunWorld } from "../world/run-world.ts";

const LOOK_NS_MIN = 1_000_000;
const LOOK_NS_MAX = 50_000_000;

/** A pair that is to converge. */
export interface ConvergingPair {
  readonly name: string;
  /** A local mirror that an operator's last word may have split: it stays apart, with what it held then. */
  readonly mayBeSplit: boolean;
}

/**
 * Waits until every pair of `pairs` is DUPLEX at both ends and nothing is pending, or is a local mirror that was
 * split deliberately and has all of its moment; and until nothing is being restored.
 * Gives "" then, or after `withinMs` what is not so.
 *
 * @param onMissing called at every look at which it is not so
 */
export async function converge(
  world: RunWorld,
  pairs: readonly ConvergingPair[],
  withinMs: number,
  onMissing: () => void = () => {},
): Promise<string> {
  const startNs = world.nowNs();
  for (;;) {
    const missing = [...pairs.map((pair) => missingOf(world, pair)), restoring(world)].filter((text) => text !== "");
    if (missing.length === 0) return "";
    const passedNs = world.nowNs() - startNs;
    const leftNs = withinMs * NS_PER_MS - passedNs;
    if (leftNs <= 0) return missing.join("; ");
    onMissing();
    const nextNs = Math.min(LOOK_NS_MAX, Math.max(LOOK_NS_MIN, Math.floor(passedNs / 8)));
    await world.sleep(Math.min(leftNs, nextNs));
  }
}

/** What keeps the pair from being equal on both sides, as its ends report it; "" if nothing does. */
function missingOf(world: RunWorld, { name: pair, mayBeSplit }: ConvergingPair): string {
  const said: string[] = [];
  let endsDone = 0;
  for (const { name, serving, state } of world.systems) {
    if (serving === undefined) said.push(`${name} is ${state === "down" ? "down" : "not ready"}`);
    // Both ends of a local mirror are of one system.
    const reports = serving?.pairs().filter((candidate) => candidate.pair === pair) ?? [];
    for (const report of reports) {
      const isDuplex = report.status === "DUPLEX" && report.pendingTracks === 0;
      if (isDuplex || (mayBeSplit && isSplit(report))) endsDone++;
      else said.push(`${name} says ${describe(report)}`);
    }
  }
  if (endsDone === 2) return "";
  return `${pair}: ${said.length === 0 ? `${endsDone} of 2 ends know it` : said.join(", ")}`;
}

/** Split deliberately, and complete. */
function isSplit({ status, suspension, progress }: PairReport): boolean {
  return status === "SPLIT" && suspension === "operator" && progress === undefined;
}

function restoring(world: RunWorld): string {
  const all = world.systems.flatMap(({ serving }) => serving?.restores() ?? []);
  return all
    .map(
      ({ volume, from, doneTracks, totalTracks }) =>
        `${volume}: ${doneTracks} of ${totalTracks} tracks from its ${from}`,
    )
    .join(", ");
}

function describe(report: PairReport): string {
  const why = report.suspension === "" ? "" : ` (${report.suspension})`;
  const link = report.connected ? "connected" : "not connected";
  return `${report.role} ${report.status}${why}, ${link}, ${report.pendingTracks} tracks pending`;
}
