import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { chaosPlan } from "../hunt/chaos-plan.ts";
import { lostWrite, type Plan, parsePlan } from "../plan/index.ts";
import { runPlan } from "../run/run-plan.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { type ChaosOptions, type ChaosSetting, chaosCommand } from "./chaos-command.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { scenarioFiles } from "./scenario-files.ts";

const folder = mkdtempSync(join(tmpdir(), "resilver-chaos-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command as the program does, and keeps what it prints. */
async function chaos(name: string, options: Partial<ChaosOptions>, setting: ChaosSetting, signal?: AbortSignal) {
  const printed: string[] = [];
  const none = (): never => {
    throw new Error("not of this command");
  };
  const parts: CommandLineParts = {
    version: "0",
    calledAs: "resilver",
    scenarios: scenarioFiles(new URL("../../scenarios/", import.meta.url)),
    reports: {
      consoleReport: none,
      junitXml: none,
      ctrfReport: none,
      openMetrics: none,
      resultDocument: none,
      resultJsonSchema: none,
      resultsPage: none,
      trendsPage: none,
      jobReport: none,
      qualificationReport: none,
      github: none,
    },
    worker: { entry: new URL(import.meta.url), data: undefined },
    engineFolder: new URL("../../engine/", import.meta.url),
    reportFolder: new URL("../../reports/", import.meta.url),
    schemas: new Map(),
    programs: [],
    terminal: {
      out: (text) => void printed.push(text),
      err: () => {},
      columns: 120,
      colour: false,
      interactive: false,
    },
    interrupt: signal ?? new AbortController().signal,
  };
  const out = join(folder, name);
  const all = { seed: 11, minutes: 3, roundsMax: 2, kinds: ["cut", "crash", "pause"], out, json: false } as const;
  const exitCode = await chaosCommand(parts, { ...all, ...options }, setting);
  return { exitCode, text: printed.join(""), out };
}

const short = (round: number): Plan => chaosPlan(11, round, { faultMs: 3000, kinds: ["cut", "crash", "pause"] });

test("two short rounds on real containers: steady before and after, and everything healed", {
  timeout: 300_000,
}, async () => {
  const { exitCode, text, out } = await chaos("short", {}, { planOf: short });
  expect(text).toMatch(/PASS {2}chaos, seed 11: completed/);
  expect(exitCode).toBe(0);
  expect(text).toContain("healed       proven 2 times, and at the end");
  const document = JSON.parse(readFileSync(join(out, "index.json"), "utf8")) as Record<string, unknown>;
  expect(document).toMatchObject({ status: "completed", deviated: false, healed: true });
});

test("a disk that loses writes is found: it stops there, and leaves all about it", async () => {
  const [{ secondary } = { secondary: "" }] = short(1).topology.pairs;
  const planOf = (): Plan => {
    const { steps, ...plan } = short(1);
    return parsePlan({ ...plan, steps: [lostWrite(secondary), ...steps] });
  };
  const { exitCode, text, out } = await chaos("planted", { roundsMax: 5 }, { planOf });
  expect(exitCode).toBe(1);
  expect(text).toContain(`again: resilver run ${out}/violation/plan.json --seed 11 --world containers`);
  expect(text).toContain("round 1: FAIL");
  const files = readdirSync(join(out, "violation"), { recursive: true }).map(String).sort();
  const wanted = ["a", "b"].flatMap((name) => [`engine-${name}.log`, `engine-${name}.json`, `disks/${name}/meta.bin`]);
  const others = [
    "plan.json",
    "record.json",
    "toxiproxy.log",
    "toxiproxy.json",
    "differences.json",
    `disks/b/${secondary}.bin`,
  ];
  expect(files).toEqual(expect.arrayContaining([...wanted, ...others]));
  const [pair] = JSON.parse(readFileSync(join(out, "violation/differences.json"), "utf8")) as {
    readonly differing: readonly unknown[];
  }[];
  expect(pair?.differing).not.toEqual([]);
  // What was kept is the plan that did it: the simulated world finds the same.
  const plan = parsePlan(JSON.parse(readFileSync(join(out, "violation/plan.json"), "utf8")));
  const again = { id: "again", seed: 11, target: resilverTarget(""), pump: hostPump(), replay: "", repeat: false };
  expect((await runPlan(plan, again)).record.verdict).toBe("FAIL");
});

test("Ctrl-C in the middle of a round: it is given up, healed, and ends with 130", async () => {
  const controller = new AbortController();
  const planOf = (round: number): Plan => {
    setTimeout(() => controller.abort(), 4000);
    return short(round);
  };
  const { exitCode, text } = await chaos("interrupted", {}, { planOf }, controller.signal);
  expect(exitCode).toBe(130);
  expect(text).toContain("UNKNOWN  chaos, seed 11: interrupted");
  expect(text).toContain("healed       proven");
});
