import { expect, test } from "vitest";
import {
  after,
  bitFlip,
  converged,
  crash,
  create,
  cut,
  fill,
  heal,
  KiB,
  mirror,
  ms,
  type Plan,
  restart,
  scenario,
  status,
  together,
  violates,
  wait,
  when,
  workload,
  write,
  written,
} from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { recordRun } from "./record-run.ts";
import { CELL_STATES, type CellState, type Recording } from "./recording.ts";

const pump = hostPump();

function recordingOf(plan: Plan): Promise<Recording> {
  return recordRun(plan, { id: "test", seed: 1, target: resilverTarget("test"), pump, wallNowMs: () => 0 });
}

/** By volume: the states that its cells were in at the end of the run, and at any time. */
function cellsOf({ maps, cells }: Recording): Record<string, { last: Set<CellState>; ever: Set<CellState> }> {
  const seen = maps.map((map) => ({
    now: Array.from({ length: map.cells }, (): CellState => "same"),
    ever: new Set<CellState>(),
  }));
  for (let index = 0; index < cells.count; index++) {
    const of = seen[cells.map[index] as number];
    const state = CELL_STATES[cells.state[index] as number] as CellState;
    of?.now.splice(cells.cell[index] as number, 1, state);
    of?.ever.add(state);
  }
  return Object.fromEntries(
    maps.map(({ volume }, index) => [
      volume,
      { last: new Set(seen[index]?.now), ever: seen[index]?.ever ?? new Set() },
    ]),
  );
}

const twoVolumes = mirror({ sizeBytes: KiB(256), mode: "async" });

test("a cut link: statuses, the band of the fault, tracks that differ while it lasts, and none at the end", async () => {
  const recording = await recordingOf(
    scenario({
      name: "cut",
      requirements: ["LS-5"],
      topology: twoVolumes,
      steps: [
        create("pair"),
        wait(status("pair", "DUPLEX")),
        together(workload("pvol", { writes: 40 }), when(written("pvol", 10), cut("link"), after(ms(30), heal("link")))),
      ],
      expect: [converged()],
    }),
  );
  expect(recording.verdict).toBe("PASS");
  expect(recording.bands).toEqual([{ kind: "cut", on: "link", fromNs: expect.any(Number), toNs: expect.any(Number) }]);
  const [band] = recording.bands;
  expect((band?.toNs ?? 0) - (band?.fromNs ?? 0)).toBe(30_000_000);
  const said = (system: string): string[] =>
    recording.systems
      .filter((entry) => entry.system === system)
      .flatMap(({ report }) => report?.pairs[0]?.status ?? []);
  for (const system of ["a", "b"]) {
    expect(said(system)).toEqual(expect.arrayContaining(["COPY", "DUPLEX", "SPLIT"]));
    expect(said(system).at(-1)).toBe("DUPLEX");
  }
  const { pvol, svol } = cellsOf(recording);
  for (const volume of [pvol, svol]) {
    expect(volume?.ever).toContain("differs");
    expect(volume?.ever).not.toContain("unknown");
  }
  // What is marked is the same at both ends.
  expect([...(pvol?.last ?? [])].every((state) => state === "same" || state === "pending")).toBe(true);
});

test("a system that loses power is down until it starts again", async () => {
  const recording = await recordingOf(
    scenario({
      name: "crash",
      requirements: ["BR-1"],
      topology: twoVolumes,
      steps: [create("pair"), wait(status("pair", "DUPLEX")), crash("b", "power"), after(ms(50), restart("b"))],
      expect: [converged()],
    }),
  );
  const states = recording.systems.filter(({ system }) => system === "b").map(({ state }) => state);
  const changes = states.filter((state, index) => state !== states[index - 1]);
  expect(changes).toEqual(["running", "down", "running"]);
  const [blow] = recording.bands;
  expect(blow).toMatchObject({ kind: "crash", on: "b" });
  expect(blow?.toNs).toBe(blow?.fromNs);
});

test("a difference that nobody knows is shown as such", async () => {
  const recording = await recordingOf(
    scenario({
      name: "flip",
      requirements: ["HX-5"],
      topology: mirror({ sizeBytes: KiB(256), mode: "sync" }),
      steps: [
        create("pair"),
        wait(status("pair", "DUPLEX")),
        bitFlip("svol", { bitIndex: 3, nth: 5, count: 1 }),
        write("pvol", fill("once", KiB(16))),
      ],
      expect: [violates("C", { fault: "bit-flip" }), converged()],
    }),
  );
  expect(cellsOf(recording)["svol"]?.ever).toContain("unknown");
});

test("causes come before what they caused, and columns are as long as each other", async () => {
  const plan = scenario({
    name: "columns",
    requirements: ["HX-4"],
    topology: twoVolumes,
    steps: [create("pair"), wait(status("pair", "DUPLEX"))],
    expect: [converged()],
  });
  const { events, kinds, actors } = await recordingOf(plan);
  expect(events.count).toBeGreaterThan(20);
  for (const column of [events.timeNs, events.kind, events.actor, events.a, events.b, events.content, events.cause])
    expect(column).toHaveLength(events.count);
  for (let index = 0; index < events.count; index++) {
    expect(events.cause[index]).toBeLessThan(index);
    expect(events.timeNs[index]).toBeGreaterThanOrEqual(events.timeNs[Math.max(0, index - 1)] as number);
    expect(kinds[events.kind[index] as number]).toBeDefined();
    expect(actors[events.actor[index] as number]).toBeDefined();
  }
});
