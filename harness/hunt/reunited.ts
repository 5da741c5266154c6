import { attempt, connected, repeat, resync, type Step, sequence, wait } from "../plan/index.ts";
import type { TopologyPair } from "../plan/topology.ts";

const CONNECTED_WITHIN_MS = 10_000;

/** A remote pair that is split is brought together: forward, or if the primary holds half of a resync, in reverse. */
export function reunited({ name }: TopologyPair): Step {
  const ifApart = (direction: "forward" | "reverse"): Step => ({
    kind: "when",
    condition: { kind: "status", pair: name, status: "SPLIT", at: "primary" },
    steps: [
      attempt(resync(name, { direction }), "REFUSED"),
      { kind: "after", delayMs: 300, steps: [wait(connected(name), { withinMs: CONNECTED_WITHIN_MS })] },
    ],
    withinMs: 0,
  });
  return sequence(
    wait(connected(name), { withinMs: CONNECTED_WITHIN_MS }),
    repeat(3, ifApart("forward"), ifApart("reverse")),
  );
}
