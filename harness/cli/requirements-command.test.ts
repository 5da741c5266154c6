import { expect, test } from "vitest";
import { after, crash, cut, flush, mirror, ms, scenario, together } from "../plan/index.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { REQUIREMENTS } from "../history/requirements.ts";
import { faultsIn, requirementsCommand, traceRequirements } from "./requirements-command.ts";

test("faults are found inside other steps, each kind once", () => {
  expect(faultsIn([flush("v"), together(cut("l"), after(ms(1), crash("a", "kill"), cut("m")))])).toEqual([
    "cut",
    "crash",
  ]);
  expect(faultsIn([flush("v")])).toEqual([]);
});

test("a requirement of the engine is missing until a scenario with faults names it; others never are", () => {
  const missing = (faults: readonly string[]): string[] =>
    traceRequirements([{ id: "x", requirements: ["LS-2a", "HX-9"], faults }])
      .filter(({ isMissing }) => isMissing)
      .map(({ id }) => id);
  expect(missing([])).toContain("LS-2a");
  expect(missing(["cut"])).not.toContain("LS-2a");
  expect(missing([])).toContain("JR-9");
  expect(missing([])).not.toContain("HX-9");
  expect(missing([])).not.toContain("BR-13");
});

test("each requirement is there once, with the scenarios that name it", () => {
  const traced = traceRequirements([{ id: "x", requirements: ["BR-6"], faults: ["cut"] }]);
  expect(new Set(traced.map(({ id }) => id)).size).toBe(traced.length);
  expect(traced.filter(({ scenarios }) => scenarios.length > 0)).toMatchObject([
    { id: "BR-6", scenarios: [{ id: "x", faults: ["cut"] }] },
  ]);
});

test("the command fails while one is missing, and names it", async () => {
  const ids = REQUIREMENTS.map(({ id }) => id);
  const list = async (requirements: readonly string[], json: boolean) => {
    const steps = [cut("link")] as const;
    const plan = scenario({ name: "n", requirements, topology: mirror({ mode: "sync" }), steps, expect: [] });
    const entry = { id: "x", name: "n", requirements, plan };
    let text = "";
    const parts = {
      scenarios: { ids: () => ["x"], load: () => Promise.resolve(entry) },
      terminal: { out: (more: string) => (text += more) },
    } as unknown as CommandLineParts;
    return { code: await requirementsCommand(parts, json), text };
  };
  expect(await list(ids, false)).toMatchObject({ code: 0, text: expect.not.stringContaining("MISSING") as string });
  const without = await list(
    ids.filter((id) => id !== "CR-4"),
    true,
  );
  expect(without.code).toBe(1);
  expect(JSON.parse(without.text)).toMatchObject({ schemaVersion: 1, missing: ["CR-4"] });
});
