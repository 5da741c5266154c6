import { expect, test } from "vitest";
import { SimRandom } from "../world/sim/sim-random.ts";
import { allSteps } from "./all-steps.fixture.ts";
import { ENGINE_STEPS } from "./engine-steps.ts";
import { StrikeBook } from "./strike-book.ts";
import { drawCast } from "./swarm-cast.ts";
import { drawStories } from "./swarm-stories.ts";
import { drawSwarm, SWARM_FAULTS, TASKS } from "./swarm.ts";

const SEEDS = 400;

/** Stories of casts that have everything, and the names of what is there. */
const drawn = Array.from({ length: SEEDS }, (_, seed) => {
  const random = new SimRandom(`stories/${seed}`);
  const rich = { hasJournals: true, hasImages: true, hasLocals: true, tasks: TASKS, faults: SWARM_FAULTS };
  const swarm = { ...drawSwarm(random.fork("swarm")), ...rich, strikesMax: 3, storiesMax: 3 };
  const cast = drawCast(random.fork("cast"), swarm);
  const { systems } = cast.topology;
  const disks = systems.flatMap(({ name, volumes }) => [`${name}/meta`, ...volumes.map((volume) => volume.name)]);
  return { steps: [...allSteps(drawStories(random, swarm, cast, new StrikeBook()))], disks };
});

test("faults of stories are of disks that are there, and wait for steps that the engine reports", () => {
  const reported: readonly string[] = Object.values(ENGINE_STEPS).flat();
  const struck = drawn.flatMap(({ steps, disks }) =>
    steps.flatMap((step) => (step.kind === "inject" && "disk" in step.fault ? [disks.includes(step.fault.disk)] : [])),
  );
  expect(new Set(struck)).toEqual(new Set([true]));
  const awaited = drawn.flatMap(({ steps }) =>
    steps.flatMap((step) =>
      step.kind === "when" && step.condition.kind === "engine-step" ? [step.condition.name] : [],
    ),
  );
  expect(awaited.length).toBeGreaterThan(SEEDS);
  expect(reported).toEqual(expect.arrayContaining([...new Set(awaited)]));
});

test("each fault that lasts is ended by its label, and each link that a story cuts by its name", () => {
  const left = drawn.flatMap(({ steps }) => {
    const healed = new Set(steps.flatMap((step) => (step.kind === "heal" ? [step.label] : [])));
    const lasting = steps.flatMap((step) => (step.kind === "inject" && step.fault.kind !== "crash" ? [step] : []));
    const labels = lasting.map(({ label, fault }) => label ?? ("link" in fault ? fault.link : ""));
    return labels.filter((label) => !healed.has(label));
  });
  expect(left).toEqual([]);
});

test("some commands wait until what the one before began is through, and hosts write beside some", () => {
  const all = drawn.flatMap(({ steps }) => steps);
  const beside = all.filter((step) => step.kind === "together");
  const waits = (kind: string): boolean =>
    beside.some(({ steps }) => steps.some((step) => step.kind === "when" && step.condition.kind === kind));
  expect(beside.some(({ steps }) => steps.some((step) => step.kind === "workload"))).toBe(true);
  expect([waits("engine-step"), waits("status")]).toEqual([true, true]);
});

test("what a story writes to aside fails in it, and what it reads from, too", () => {
  const failing = drawn.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === "inject" && step.fault.kind === "eio" ? [step.fault] : [])),
  );
  for (const part of ["-log", "-base", "-area", "-copy", "/meta"])
    expect(failing.filter(({ disk }) => disk.endsWith(part)).length).toBeGreaterThan(SEEDS / 100);
  expect(failing.some(({ disk, on }) => disk.endsWith("-copy") && on.join() === "read")).toBe(true);
});
