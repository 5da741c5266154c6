import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { Topology } from "../plan/topology.ts";
import type { HostDevice, PairReport } from "../target/target.ts";
import type { RunWorld } from "./run-world.ts";

/** A world for a case of a conformance suite. */
export interface WorldUnderTest {
  readonly world: RunWorld;
  /** What its listener was told: `down a kill`, `up b`, `cut link`, `healed link`. */
  readonly told: readonly string[];
  /** Settles when views hold what the disks held at some moment after the call. */
  look(): Promise<void>;
}

/** Runs a case in a new world, in that world's time, and takes the world away. */
export type WithWorld = (topology: Topology, body: (under: WorldUnderTest) => Promise<void>) => Promise<void>;

const WITHIN_NS = 30_000 * NS_PER_MS;

/** @throws Error if it does not come about within 30 s of the world's time */
export async function until({ world, look }: WorldUnderTest, what: string, isSo: () => boolean): Promise<void> {
  const startNs = world.nowNs();
  while (!isSo()) {
    if (world.nowNs() - startNs > WITHIN_NS)
      throw new Error(`waited for ${what} in vain; what is known of pairs: ${JSON.stringify(reportsOf(world))}`);
    await world.sleep(5 * NS_PER_MS);
    await look();
  }
}

/** The volume as its hosts have it. */
export function deviceOf(world: RunWorld, volume: string): HostDevice {
  const { serving } = world.systemOfVolume(volume);
  if (serving === undefined) throw new Error(`the system of ${volume} does not serve`);
  return serving.device(volume);
}

/** What all systems say of their pairs. */
export function reportsOf(world: RunWorld): readonly PairReport[] {
  return world.systems.flatMap(({ serving }) => serving?.pairs() ?? []);
}

/** Settles when both ends of the one pair say that they are in step. */
export function inStep(under: WorldUnderTest): Promise<void> {
  return until(under, "DUPLEX at both ends", () => {
    const reports = reportsOf(under.world);
    return reports.length === 2 && reports.every(({ status, connected }) => status === "DUPLEX" && connected);
  });
}

/** Mirrors `pvol` of `a` to `svol` of `b` by the pair `pair`; settles when they are in step. */
export async function makePair(under: WorldUnderTest, mode: "sync" | "async"): Promise<void> {
  const pair = { pair: "pair", volume: "pvol", link: "link", peerVolume: "svol", mode } as const;
  await under.world.system("a").serving?.admin({ kind: "create", ...pair });
  await inStep(under);
}
