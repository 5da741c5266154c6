import { expect, test } from "vitest";
import { scenarioFiles, loadAll } from "../harness/cli/scenario-files.ts";
import { parsePlan } from "../harness/plan/plan.ts";
import { choose } from "../harness/qualify/choose-scenarios.ts";
import { PROFILES } from "../harness/qualify/profiles.ts";

const entries = await loadAll(scenarioFiles(new URL("../scenarios/", import.meta.url)));
const candidates = entries.map((entry) => ({ ...entry, plan: parsePlan(entry.plan) }));

test.each(PROFILES)(
  "$name: a scenario with what the profile is about exercises each of its requirements",
  (profile) => {
    const chosen = choose(candidates, profile);
    const exercised = new Set(chosen.flatMap(({ requirements }) => requirements));
    expect(Object.keys(profile.levels).filter((id) => !exercised.has(id))).toEqual([]);
    expect(Object.values(profile.levels)).toContain("MUST");
    for (const capability of profile.requires)
      expect(
        chosen.some(({ needs }) => needs.includes(capability)),
        capability,
      ).toBe(true);
  },
);
