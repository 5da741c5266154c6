import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { Checker } from "../check/checker.ts";
import type { SteadyStep } from "../plan/step.ts";
import type { RunWorld } from "../world/run-world.ts";
import { converge } from "./converge.ts";
import type { Host, HostOutcome } from "./host.ts";

/** Of each end of a volume that a host writes and reads back. */
const PROBE_SECTORS = 8;

/** Looks whether the state is there that a {@link SteadyStep} describes. Gives "" if it is, or what is not so. */
export async function steadyState(
  { pairs, withinMs }: SteadyStep,
  parts: {
    readonly world: RunWorld;
    readonly checker: Checker;
    readonly host: (volume: string) => Host;
    readonly look: () => Promise<void> | undefined;
  },
): Promise<string> {
  const { world, checker, host, look } = parts;
  const converging = pairs.map((name) => ({ name, mayBeSplit: false }));
  const missing = await converge(world, converging, withinMs);
  if (missing !== "") return `after ${withinMs} ms ${missing}`;
  for (const pair of pairs) {
    const volumes = primariesOf(world, pair);
    const [volume] = volumes;
    if (volume === undefined || volumes.length > 1)
      return `${pair} has ${volumes.length} primary ends (${volumes.join(", ")}), expected 1`;
    const unserved = await serve(host(volume));
    if (unserved !== "") return `the host of ${volume}, the primary of ${pair}: ${unserved}`;
  }
  // What the hosts just wrote is on its way to the other end of an asynchronous mirror.
  const left = await converge(world, converging, withinMs);
  if (left !== "") return `${withinMs} ms after the hosts ended ${left}`;
  checker.quiet();
  await look();
  return "";
}

/** The volumes at the ends of the pair that say that they are its primary. */
function primariesOf(world: RunWorld, pair: string): string[] {
  const reports = world.systems.flatMap(({ serving }) => serving?.pairs() ?? []);
  return reports.filter((report) => report.pair === pair && report.role === "primary").map(({ volume }) => volume);
}

/** Gives "" if every request was done, or which was not. */
async function serve(host: Host): Promise<string> {
  const lengthBytes = Math.min(host.sizeBytes, PROBE_SECTORS * SECTOR_BYTES);
  const tailBytes = host.sizeBytes - lengthBytes;
  const requests: readonly (readonly [what: string, ask: () => Promise<HostOutcome>])[] = [
    ["write", () => host.writeStamped(0, lengthBytes, false)],
    ["write of the last sectors", () => host.writeStamped(tailBytes, lengthBytes, true)],
    ["flush", () => host.flush()],
    ["read", () => host.read(0, lengthBytes)],
    ["read of the last sectors", () => host.read(tailBytes, lengthBytes)],
  ];
  for (const [what, ask] of requests) {
    const { code, why } = await ask();
    if (code !== "DONE") return `a ${what} ended ${code}: ${why}`;
  }
  return "";
}
