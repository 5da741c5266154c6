import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { PairReport } from "../target/target.ts";
import type { SimWorld } from "../world/sim/sim-world.ts";

const LOOK_NS_MIN = 1_000_000;
const LOOK_NS_MAX = 50_000_000;

/**
 * Waits until every pair of `pairs` is DUPLEX at both ends and nothing is pending.
 * Gives "" then, or after `withinMs` what is not so.
 */
export async function converge(world: SimWorld, pairs: readonly string[], withinMs: number): Promise<string> {
  const startNs = world.nowNs();
  for (;;) {
    const missing = pairs.map((pair) => missingOf(world, pair)).filter((text) => text !== "");
    if (missing.length === 0) return "";
    const passedNs = world.nowNs() - startNs;
    const leftNs = withinMs * NS_PER_MS - passedNs;
    if (leftNs <= 0) return missing.join("; ");
    const nextNs = Math.min(LOOK_NS_MAX, Math.max(LOOK_NS_MIN, Math.floor(passedNs / 8)));
    await world.sleep(Math.min(leftNs, nextNs));
  }
}

/** What keeps the pair from being equal on both sides, as its ends report it; "" if nothing does. */
function missingOf(world: SimWorld, pair: string): string {
  const said: string[] = [];
  let duplexEnds = 0;
  for (const { name, serving, state } of world.systems) {
    const report = serving?.pairs().find((candidate) => candidate.pair === pair);
    if (serving === undefined) said.push(`${name} is ${state === "down" ? "down" : "not ready"}`);
    else if (report === undefined) continue;
    else if (report.status === "DUPLEX" && report.pendingTracks === 0) duplexEnds++;
    else said.push(`${name} says ${describe(report)}`);
  }
  if (duplexEnds === 2) return "";
  return `${pair}: ${said.length === 0 ? `${duplexEnds} of 2 ends know it` : said.join(", ")}`;
}

function describe(report: PairReport): string {
  const why = report.suspension === "" ? "" : ` (${report.suspension})`;
  const link = report.connected ? "connected" : "not connected";
  return `${report.role} ${report.status}${why}, ${link}, ${report.pendingTracks} tracks pending`;
}
