import { expect, test } from "vitest";
import type { PairReport, RestoreReport, TargetSystem } from "../target/target.ts";
import type { SimWorld } from "../world/sim/sim-world.ts";
import { converge } from "./converge.ts";

const end = (role: "primary" | "secondary", is: Partial<PairReport>): PairReport => ({
  pair: "gen1",
  copyType: "local",
  volume: role === "primary" ? "pvol" : "gen1",
  role,
  status: "DUPLEX",
  suspension: "",
  consistent: true,
  connected: true,
  generation: "",
  pendingTracks: 0,
  ...is,
});

/** What keeps a system with this local mirror from having converged; both ends say the same. */
function missing(is: Partial<PairReport>, mayBeSplit: boolean, restores: readonly RestoreReport[] = []) {
  const serving: Pick<TargetSystem, "pairs" | "restores"> = {
    pairs: () => [end("primary", is), end("secondary", is)],
    restores: () => restores,
  };
  let nowNs = 0;
  const world = {
    systems: [{ name: "a", state: "running", serving }],
    nowNs: () => nowNs,
    sleep: (delayNs: number) => {
      nowNs += delayNs;
      return Promise.resolve();
    },
  } as unknown as SimWorld;
  return converge(world, [{ name: "gen1", mayBeSplit }], 100);
}

const split = { status: "SPLIT", suspension: "operator", pendingTracks: 3 } as const;
const restore: RestoreReport = {
  volume: "pvol",
  from: "mirror",
  id: 1,
  doneTracks: 2,
  totalTracks: 5,
  left: { trackBytes: 8192, has: () => true },
  altered: { trackBytes: 8192, has: () => false },
};

test("a local mirror converges where both ends, of one system, are DUPLEX", async () => {
  expect(await missing({}, false)).toBe("");
  expect(await missing({}, true)).toBe("");
  expect(await missing({ pendingTracks: 1 }, true)).toContain("a says primary DUPLEX");
});

test("it may stay split if the operator's last word was so, and if it has all of its moment", async () => {
  expect(await missing(split, true)).toBe("");
  expect(await missing(split, false)).toContain("a says primary SPLIT (operator)");
  expect(await missing({ ...split, suspension: "error" }, true)).toContain("SPLIT (error)");
  expect(await missing({ ...split, progress: { done: 1, total: 3 } }, true)).toContain("SPLIT (operator)");
});

test("nothing converges before what is being restored is there", async () => {
  expect(await missing({}, false, [restore])).toBe("pvol: 2 of 5 tracks from its mirror");
});
