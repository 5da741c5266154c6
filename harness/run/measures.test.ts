import { expect, test } from "vitest";
import {
  after,
  converged,
  create,
  cut,
  fill,
  heal,
  holds,
  KiB,
  mark,
  mirror,
  ms,
  restored,
  resyncBytes,
  sameAs,
  scenario,
  status,
  unchanged,
  wait,
  write,
} from "../plan/index.ts";
import type { RunWorld } from "../world/run-world.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { toyTarget } from "./fixtures/toy-target.ts";
import { Measures } from "./measures.ts";
import { PauseMeasure } from "./pauses.ts";
import { runPlan } from "./run-plan.ts";

const topology = mirror({ sizeBytes: KiB(256), mode: "sync" });

/** The texts of the failures of a toy that goes through these steps. */
async function failuresOf(plan: Parameters<typeof runPlan>[0]): Promise<string[]> {
  const options = { id: "t", seed: 3, target: toyTarget(), pump: hostPump(), replay: "", repeat: false };
  return (await runPlan(plan, options)).record.failures.map(({ message }) => message);
}

const resyncOfOneTrack = [
  write("pvol", fill("before")),
  create("pair"),
  wait(status("pair", "DUPLEX")),
  after(ms(6000), cut("link")),
  write("pvol", { offsetBytes: 0, lengthBytes: 512 }),
  heal("link"),
  wait(status("pair", "DUPLEX")),
] as const;

test("a resync that copies everything for one track that differs is too much, unless so much is allowed", async () => {
  const run = (factor: number): Promise<string[]> =>
    failuresOf(
      scenario({
        name: "one track",
        requirements: [],
        topology,
        steps: resyncOfOneTrack,
        expect: [resyncBytes("link", { factor })],
      }),
    );
  expect(await run(1.05)).toEqual([
    expect.stringMatching(/^expect\[0\]: the resync at .* for 1 tracks that differed or were in flight$/),
  ]);
  expect(await run(32)).toEqual([]);
});

test("without a resync nothing was measured, and that is a failure", async () => {
  const plan = scenario({
    name: "no resync",
    requirements: [],
    topology,
    steps: [create("pair"), wait(status("pair", "DUPLEX"))],
    expect: [resyncBytes("link")],
  });
  expect(await failuresOf(plan)).toEqual([expect.stringContaining("none was measured")]);
});

test("what a volume held is compared with what it holds, and with another volume", async () => {
  const plan = scenario({
    name: "compared",
    requirements: [],
    topology,
    steps: [
      write("pvol", fill("before")),
      mark("filled", ["pvol", "svol"]),
      create("pair"),
      wait(status("pair", "DUPLEX")),
      cut("link"),
      write("pvol", { offsetBytes: KiB(64), lengthBytes: 512 }),
      mark("later", ["pvol"]),
    ],
    expect: [
      unchanged("pvol", "later"),
      unchanged("pvol", "filled"),
      unchanged("svol", "filled"),
      sameAs("pvol", "svol"),
      sameAs("pvol", "pvol"),
      holds(restored("pvol")),
    ],
  });
  expect(await failuresOf(plan)).toEqual([
    "expect[1]: pvol is not as it was at the mark filled, from about byte 65536 on",
    "expect[2]: svol is not as it was at the mark filled, from about byte 0 on",
    // A stamp begins with what all stamps of the volume have in common.
    "expect[3]: pvol and svol differ, at byte 65552 first",
  ]);
});

test("the toy converges where nothing was measured", async () => {
  const plan = scenario({ name: "x", requirements: [], topology, steps: resyncOfOneTrack, expect: [converged()] });
  expect(await failuresOf(plan)).toEqual([]);
});

test("a pause is measured from step to step, by volume; one that a crash ends is none, one that lasts is too long", () => {
  let nowNs = 0;
  const measure = new PauseMeasure(
    { kind: "pause-at-most", system: "a", flushes: 2, from: "paused", to: "resumed" },
    { nowNs: () => nowNs, flushNsMax: 500_000 },
  );
  const step = (system: string, name: string, volume: string, atNs: number): void => {
    nowNs = atNs;
    measure.step(system, { name, fields: { volume } });
  };
  expect(measure.failures()).toEqual(["a never paused: no step paused was seen"]);
  step("a", "paused", "v", 0);
  step("a", "paused", "w", 10);
  step("a", "resumed", "v", 1_000_000);
  expect(measure.failures()).toEqual(["a w is paused since 0.00001 ms"]);
  step("b", "resumed", "w", 1_000_000);
  measure.systemDown("b");
  step("a", "resumed", "w", 1_000_011);
  measure.systemDown("a");
});

test("what a world cannot measure is told, and fails nothing", () => {
  const plan = scenario({
    name: "not to be measured",
    requirements: [],
    topology,
    steps: resyncOfOneTrack,
    expect: [converged(), resyncBytes("link")],
  });
  const world: Pick<RunWorld, "unmeasured"> = { unmeasured: new Map([["resync-bytes", "nobody counts"]]) };
  const measures = new Measures(plan, world as RunWorld);
  expect(measures.unjudged).toEqual(["expect[1] resync-bytes: nobody counts"]);
  expect(measures.failures()).toEqual([]);
});
