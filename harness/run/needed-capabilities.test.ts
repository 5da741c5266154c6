import { expect, test } from "vitest";
import {
  attempt,
  cascade,
  crash,
  create,
  cut,
  diskWrite,
  eio,
  expectRefused,
  group,
  MiB,
  mirror,
  restore,
  resync,
  resyncBytes,
  scenario,
  sequence,
  split,
  step,
  tornWrite,
  when,
  withImages,
  withJournals,
  withTracker,
  workload,
} from "../plan/index.ts";
import type { Plan } from "../plan/plan.ts";
import { neededCapabilities } from "./needed-capabilities.ts";

const base = { name: "x", requirements: [], expect: [] };
const remote = mirror({ mode: "async" });

test.each<[string, Plan, readonly string[]]>([
  ["a remote mirror", scenario({ ...base, topology: remote, steps: [create("pair")] }), ["async"]],
  [
    "a local mirror, inside other steps",
    scenario({ ...base, topology: cascade({ mode: "sync" }), steps: [sequence(create("gen1"))] }),
    ["local-mirror"],
  ],
  [
    "what is only attempted",
    scenario({
      ...base,
      topology: cascade({ mode: "sync" }),
      steps: [create("gen1"), attempt(restore("gen1"), "X"), attempt(resync("pair", { direction: "reverse" }), "X")],
    }),
    ["local-mirror", "refusal-codes", "resync-reverse"],
  ],
  [
    "images and journals that the topology has",
    scenario({
      ...base,
      topology: withJournals(withImages(remote, ["svol"], { method: "old-data" }), ["pvol"]),
      steps: [cut("link")],
    }),
    ["image", "journal"],
  ],
  [
    "a tracker",
    scenario({ ...base, topology: withTracker(remote, "lsn"), steps: [create("pair")] }),
    ["async", "tracker-lsn"],
  ],
  [
    "a split whose secondary hosts write, with trims",
    scenario({
      ...base,
      topology: remote,
      steps: [split("pair", { secondary: "read-write" }), workload("svol", { writes: 1, trim: 0.5 })],
    }),
    ["split", "split-read-write", "trim"],
  ],
  [
    "moments, faults and refusals that only an engine of ours tells of",
    scenario({
      ...base,
      topology: remote,
      steps: [
        when(step("a", "x"), cut("link")),
        tornWrite("a/meta", { sectors: 1 }),
        expectRefused(split("pair"), "X"),
      ],
    }),
    ["engine-steps", "meta-disk", "refusal-codes", "split"],
  ],
  [
    "what only disks of ours do: losses of power, faults, and the moment of a write",
    scenario({ ...base, topology: remote, steps: [crash("a", "power")] }),
    ["volume-disk"],
  ],
  ["a fault of a disk", scenario({ ...base, topology: remote, steps: [eio("svol", ["write"])] }), ["volume-disk"]],
  [
    "the moment of a write to a disk",
    scenario({ ...base, topology: remote, steps: [when(diskWrite("pvol"), crash("a", "kill"))] }),
    ["volume-disk"],
  ],
  [
    "a volume that is too large to be read again and again",
    scenario({ ...base, topology: mirror({ mode: "async", sizeBytes: MiB(17) }), steps: [cut("link")] }),
    ["volume-disk"],
  ],
  ["a kill, which no disk notices", scenario({ ...base, topology: remote, steps: [crash("a", "kill")] }), []],
  [
    "a measure of the bytes of a resync",
    scenario({ ...base, topology: remote, steps: [cut("link")], expect: [resyncBytes("link")] }),
    ["link-traffic", "pending-bitmap"],
  ],
  [
    "pairs that share a link",
    scenario({ ...base, topology: group(["x", "y"], { mode: "sync" }), steps: [create("x"), create("y")] }),
    ["consistency-group", "sync"],
  ],
])("a target needs for %s what the steps use", (_, plan, needed) => {
  expect([...neededCapabilities(plan)].toSorted()).toEqual(needed);
});
