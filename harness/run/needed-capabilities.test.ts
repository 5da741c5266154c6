import { expect, test } from "vitest";
import {
  attempt,
  cascade,
  create,
  cut,
  mirror,
  restore,
  resync,
  scenario,
  sequence,
  withImages,
  withJournals,
  withTracker,
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
    ["local-mirror", "resync-reverse"],
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
])("a target needs for %s what the steps use", (_, plan, needed) => {
  expect([...neededCapabilities(plan)].toSorted()).toEqual(needed);
});
