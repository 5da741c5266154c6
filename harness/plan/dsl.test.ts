import { expect, test } from "vitest";
import {
  after,
  backup,
  cascade,
  cascadeGroup,
  collection,
  converged,
  crash,
  create,
  cut,
  eio,
  expectRefused,
  fill,
  group,
  heal,
  image,
  journal,
  localMirror,
  lostWrite,
  MiB,
  mark,
  mirror,
  ms,
  oracle,
  type Plan,
  parsePlan,
  progress,
  readImage,
  recover,
  restart,
  restore,
  restored,
  resync,
  rollback,
  scenario,
  sequence,
  split,
  status,
  step,
  takeover,
  together,
  tornWrite,
  trace,
  wait,
  when,
  withImages,
  withJournals,
  withLocalMirrors,
  withTracker,
  workload,
  write,
  written,
} from "./index.ts";

const topology = mirror({ sizeBytes: MiB(1), mode: "async" });

test("a scenario is plain JSON that reads back as itself", () => {
  const plan = scenario({
    name: "cut during resync",
    requirements: ["BR-2", "LS-5"],
    topology,
    steps: [
      write("pvol", fill("before")),
      create("pair"),
      wait(status("pair", "DUPLEX")),
      split("pair"),
      workload("pvol", { writes: 20, partialTrack: 0.3 }),
      together(
        sequence(resync("pair"), wait(status("pair", "DUPLEX"))),
        workload("pvol", { writes: 20 }),
        when(progress("resync", "pair", 0.5), cut("link"), after(ms(200), heal("link"))),
      ),
      lostWrite("b/meta", { nth: 3, count: 1 }),
      crash("a", "power"),
      expectRefused(takeover("pair", { at: "a" }), "NOT_SECONDARY"),
      restart("a"),
      trace("pvol", "ext4-sqlite", { entries: { from: 0, to: 10 } }),
    ],
    expect: [converged(), oracle("e2fsck", { volume: "svol", at: "every-cut" })],
  });
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
});

// Types, checked by `tsc`: each line below an expectation must not compile. Never called.
export function unknownNamesDoNotCompile(): Plan[] {
  const base = { name: "x", requirements: [], topology, expect: [] } as const;
  const twoPairs = group(["data", "log"], { mode: "sync" });
  return [
    // @ts-expect-error no such volume
    scenario({ ...base, steps: [write("qvol", fill("x"))] }),
    // @ts-expect-error no such link
    scenario({ ...base, steps: [cut("lnk")] }),
    // @ts-expect-error no such system
    scenario({ ...base, steps: [crash("c", "kill")] }),
    // @ts-expect-error no such pair
    scenario({ ...base, steps: [create("pear")] }),
    // @ts-expect-error no such system to give a command to
    scenario({ ...base, steps: [create("pair", { at: "c" })] }),
    // @ts-expect-error no such link, two levels down
    scenario({ ...base, steps: [together(workload("pvol", { writes: 1 }), after(ms(1), cut("lnk")))] }),
    // @ts-expect-error no such volume in a condition
    scenario({ ...base, steps: [when(written("qvol", 1), cut("link"))] }),
    // @ts-expect-error no such pair in a condition
    scenario({ ...base, steps: [wait(status("pear", "DUPLEX"))] }),
    // @ts-expect-error no such disk
    scenario({ ...base, steps: [lostWrite("c/meta")] }),
    // @ts-expect-error no such volume in an expectation
    scenario({ ...base, steps: [cut("link")], expect: [oracle("e2fsck", { volume: "qvol", at: "end" })] }),
    // @ts-expect-error a group's volumes are named by its pairs
    scenario({ ...base, topology: twoPairs, steps: [write("data-q", fill("x"))] }),
    scenario({ ...base, topology: twoPairs, steps: [write("data-p", fill("x")), create("log"), cut("link")] }),
    // @ts-expect-error no such generation
    scenario({ ...base, topology: backedUp, steps: [backup({ mirrors: ["gen3"] })] }),
    // @ts-expect-error no such volume to go back
    scenario({ ...base, topology: backedUp, steps: [rollback("qvol")] }),
    // @ts-expect-error no such volume to mark
    scenario({ ...base, topology: backedUp, steps: [mark("now", ["qvol"])] }),
    // @ts-expect-error a condition on a volume that is not there
    scenario({ ...base, topology: backedUp, steps: [wait(restored("qvol"))] }),
    // @ts-expect-error the area of an image that nobody asked for
    scenario({ ...base, topology: backedUp, steps: [lostWrite("spvol-area")] }),
  ];
}

const backedUp = withJournals(
  withImages(cascade({ sizeBytes: MiB(1), mode: "sync", generations: ["gen1", "gen2"] }), ["pvol"], {
    method: "old-data",
  }),
  ["pvol"],
);

test("a cascade with images and journals is checked by name down to its areas", () => {
  const plan = scenario({
    name: "everything there is",
    requirements: ["BR-6"],
    topology: backedUp,
    steps: [
      create("pair"),
      create("gen1"),
      wait(status("gen1", "DUPLEX")),
      mark("before", ["pvol", "gen2"]),
      together(backup({ mirrors: ["gen1"] }), when(step("b", "any"), tornWrite("pvol-area", { sectors: 1 }))),
      backup({ mirrors: ["gen1", "gen2"], pairs: [], at: "b" }),
      restore("gen1", { scope: "all" }),
      wait(progress("restore", "spvol", 0.5)),
      wait(restored("spvol")),
      recover("pvol", { to: "before", by: "time" }),
      recover("pvol", { to: { lsn: 7 }, method: "swap", at: "b" }),
      rollback("pvol"),
      wait(image("pvol")),
      wait(journal("pvol", { state: "logging", entriesMin: 3 })),
      readImage("pvol"),
      lostWrite("pvol-log"),
      eio("pvol-base", ["read"]),
    ],
    expect: [converged()],
  });
  expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  const [a, b] = plan.topology.systems;
  expect(a?.volumes.map(({ name }) => name)).toEqual(["pvol", "pvol-area", "pvol-log", "pvol-base"]);
  expect(a).toMatchObject({
    images: [{ volume: "pvol", method: "old-data", area: "pvol-area" }],
    journals: [{ volume: "pvol", log: "pvol-log", base: "pvol-base" }],
  });
  expect(b?.volumes.map(({ name }) => name)).toEqual(["spvol", "gen1", "gen2"]);
});

test.each([
  ["localMirror", localMirror({ sizeBytes: MiB(1) }), ["gen1"]],
  ["cascade", cascade({ mode: "async" }), ["pair", "gen1"]],
  ["cascadeGroup", cascadeGroup(["log", "data"], { mode: "sync" }), ["log", "data", "log-gen1", "data-gen1"]],
  [
    "collection",
    collection(["a", "c"], { mode: "sync", generations: ["x", "y"] }),
    ["a", "c", "a-x", "a-y", "c-x", "c-y"],
  ],
  ["withLocalMirrors", withLocalMirrors(mirror({ mode: "sync" }), "pvol", ["copy"]), ["pair", "copy"]],
  ["withTracker", withTracker(cascade({ mode: "sync" }), "lsn"), ["pair", "gen1"]],
])("%s gives a topology whose names fit", (_, topology, pairs) => {
  const plan: Plan = { schemaVersion: 1, name: "x", requirements: [], topology, steps: [heal("x")], expect: [] };
  expect(parsePlan(plan)).toEqual(plan);
  expect(topology.pairs.map(({ name }) => name)).toEqual(pairs);
});
