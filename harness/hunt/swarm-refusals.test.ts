import { expect, test } from "vitest";
import type { Step } from "../plan/step.ts";
import { systemOfDisk } from "../plan/system-disks.ts";
import { SimRandom } from "../world/sim/sim-random.ts";
import { allSteps } from "./all-steps.fixture.ts";
import { StrikeBook } from "./strike-book.ts";
import { type Cast, drawCast } from "./swarm-cast.ts";
import { drawRefusals } from "./swarm-refusals.ts";
import { drawSwarm, TASKS } from "./swarm.ts";

const SEEDS = 300;

interface Drawn {
  readonly lanes: readonly Step[];
  readonly steps: readonly Step[];
  readonly cast: Cast;
}

const drawn = Array.from({ length: SEEDS }, (_, seed): Drawn => {
  const random = new SimRandom(`refusals/${seed}`);
  const rich = { hasJournals: true, hasImages: true, hasLocals: true, tasks: TASKS, refusals: 2 };
  const swarm = { ...drawSwarm(random.fork("swarm")), ...rich };
  const cast = drawCast(random.fork("cast"), swarm);
  const lanes = drawRefusals(random, swarm, cast, new StrikeBook());
  return { lanes, steps: [...allSteps(lanes)], cast };
});

test("there are as many as the plan is to have, each when hosts write", () => {
  const begun = drawn.flatMap(({ lanes }) => lanes.map((lane) => lane.kind === "when" && lane.condition.kind));
  expect(begun).toHaveLength(2 * SEEDS);
  expect(new Set(begun)).toEqual(new Set(["written"]));
});

test("disks that are there fail, some of them in what tells what was left, too, and each is healed", () => {
  const failed = drawn.flatMap(({ steps, cast }) => {
    const healed = new Set(steps.flatMap((step) => (step.kind === "heal" ? [step.label] : [])));
    return steps.flatMap((step) =>
      step.kind === "inject" && (step.fault.kind === "eio" || step.fault.kind === "enospc")
        ? [
            {
              fault: step.fault,
              isThere: systemOfDisk(cast.topology.systems, step.fault.disk) !== undefined,
              isHealed: healed.has(step.label ?? ""),
            },
          ]
        : [],
    );
  });
  expect(failed.length).toBeGreaterThanOrEqual(2 * SEEDS);
  expect(failed.filter(({ isThere, isHealed }) => !isThere || !isHealed)).toEqual([]);
  const kinds = new Set(failed.map(({ fault }) => (fault.kind === "eio" ? fault.on.join(" ") : fault.kind)));
  expect(kinds).toEqual(new Set(["write", "read write", "write flush", "read write flush", "enospc"]));
});

test("hosts look at all of the volume, and what only memory or a cache knows is lost after some", () => {
  const looks = drawn.flatMap(({ steps }) => steps.filter((step) => step.kind === "read" && step.offsetBytes === 0));
  expect(looks.length).toBeGreaterThan(2 * SEEDS);
  const ends = drawn.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === "inject" && step.fault.kind === "crash" ? [step.fault.how] : [])),
  );
  for (const how of ["kill", "power"]) expect(ends.filter((end) => end === how).length).toBeGreaterThan(SEEDS / 3);
});
