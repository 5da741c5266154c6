import { expect, test } from "vitest";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import { create, cut, mirror, type Plan, scenario } from "../plan/index.ts";
import { type ChaosCampaignOptions, chaosCampaign } from "./chaos-campaign.ts";
import { chaosSummary } from "./chaos-report.ts";
import { unfinishedRecord } from "./run-task.ts";

const plan: Plan = scenario({
  name: "any",
  requirements: ["HX-9"],
  topology: mirror({ mode: "sync" }),
  steps: [create("pair"), cut("link")],
  expect: [],
});
const task = { id: "any", name: "any", requirements: [], seed: 1, world: "containers", repeat: false } as const;

/** A round that was judged, with a fault. */
function recordOf(verdict: Verdict, effective = 1): RunRecord {
  const record = unfinishedRecord({ ...task, heavy: false, replay: "" }, verdict, "it is broken");
  const times = { hostOutagesMs: [300, 100], apartMs: [5], resyncsMs: [2], samples: [] };
  const recovery = { hostRequests: 10, hostRequestsDone: 9, ...times };
  const faults = [{ kind: "cut", on: "link", injected: 1, effective }];
  const failures = verdict === "FAIL" ? record.failures : [];
  return { ...record, faults, recovery, failures, vacuous: effective === 0 };
}

/** A campaign whose rounds end as they are told to, each after a minute. */
async function campaign(ends: (RunRecord | Error)[], options: Partial<ChaosCampaignOptions> = {}) {
  let nowMs = 0;
  const told: string[] = [];
  const result = await chaosCampaign({
    seed: 7,
    limitMs: 60 * 60_000,
    roundsMax: ends.length,
    planOf: () => plan,
    tokenOf: () => "token",
    interrupt: new AbortController().signal,
    nowMs: () => nowMs,
    onRound: ({ round, verdict }) => told.push(`round ${round} ${verdict}`),
    onEvidence: (round, _plan, files) => told.push(`round ${round} left ${files.map(({ name }) => name).join()}`),
    runner: {
      open: async () => {},
      run: async (_plan, { onEvidence }) => {
        nowMs += 60_000;
        const end = ends.shift();
        if (end === undefined) throw new Error("one round too many");
        if (end instanceof Error) throw end;
        if (end.verdict === "FAIL") onEvidence([{ name: "engine-a.log", content: "" }]);
        return end;
      },
      close: async () => void told.push("closed"),
    },
    ...options,
  });
  return { told, ...result };
}

test("it stops at the first violation, of which everything was kept before it was healed", async () => {
  const { told, status, verdict } = await campaign([recordOf("PASS"), recordOf("FAIL"), recordOf("PASS")]);
  expect(told).toEqual(["round 1 PASS", "round 2 left engine-a.log", "round 2 FAIL", "closed"]);
  expect([status, verdict]).toEqual(["stopped", "FAIL"]);
});

test("no round begins when the time is over; one that has begun is finished", async () => {
  const ends = [recordOf("PASS"), recordOf("PASS"), recordOf("PASS")];
  const { rounds, status, verdict } = await campaign(ends, { limitMs: 90_000 });
  expect([rounds.length, status, verdict]).toEqual([2, "completed", "PASS"]);
});

test("a fault without effect leaves its round a pass; a campaign of such faults, or of no round, is none", async () => {
  const mixed = await campaign([recordOf("UNKNOWN", 0), recordOf("PASS")]);
  expect([mixed.verdict, mixed.faults]).toEqual(["PASS", [{ kind: "cut", injected: 2, effective: 1 }]]);
  const without = await campaign([recordOf("UNKNOWN", 0), recordOf("UNKNOWN", 0)]);
  expect(without.rounds.map(({ verdict }) => verdict)).toEqual(["PASS", "PASS"]);
  expect(without.verdict).toBe("UNKNOWN");
  const summary = chaosSummary(without, { seed: 7, out: "out", replay: [], evidence: [] });
  expect(summary).toContain("never effective: cut");
  expect(summary).toContain("no fault took effect: nothing was tested");
  expect((await campaign([], { roundsMax: 5, limitMs: 0 })).verdict).toBe("UNKNOWN");
});

test("a round that the harness could not run is an ERROR, and after three in a row it gives up", async () => {
  const broken = new Error("no such image");
  const once = await campaign([recordOf("PASS"), broken, recordOf("PASS")]);
  expect([once.rounds.length, once.status, once.verdict]).toEqual([3, "completed", "ERROR"]);
  const often = await campaign([broken, recordOf("ERROR"), broken, recordOf("PASS")]);
  expect([often.rounds.length, often.status, often.verdict]).toEqual([3, "failed", "ERROR"]);
});

test("what is left of a fault is told, and is no pass", async () => {
  const left = Object.assign(new Error("a toxic is left"), { code: "NOT_HEALED" });
  const round = await campaign([recordOf("PASS"), left]);
  expect([round.verdict, round.unhealed]).toEqual(["ERROR", "round 2: a toxic is left"]);
  const close = (): Promise<void> => Promise.reject(new Error("a network is left"));
  const run = (): Promise<RunRecord> => Promise.resolve(recordOf("PASS"));
  const atTheEnd = await campaign([recordOf("PASS")], { runner: { open: async () => {}, run, close } });
  expect([atTheEnd.verdict, atTheEnd.unhealed]).toEqual(["ERROR", "a network is left"]);
  expect(chaosSummary(atTheEnd, { seed: 7, out: "out", replay: [], evidence: [] })).toContain("NO: a network is left");
});

test("an interrupt ends it after the round that it broke off, heals, and is no pass", async () => {
  const controller = new AbortController();
  const { told, status, verdict } = await campaign([recordOf("PASS"), recordOf("PASS")], {
    interrupt: controller.signal,
    onRound: () => controller.abort(),
  });
  expect([told, status, verdict]).toEqual([["closed"], "interrupted", "UNKNOWN"]);
});

test("the summary begins with what runs a violation again, and tells what faults cost", async () => {
  const found = await campaign([recordOf("PASS"), recordOf("FAIL")]);
  const replay = ["resilver run plan.json --world containers"];
  const summary = chaosSummary(found, { seed: 7, out: "out", replay, evidence: ["violation/plan.json"] });
  const first = summary.split("\n").find((line) => line !== "");
  expect(first).toBe("again: resilver run plan.json --world containers");
  expect(summary).toContain("round 2: FAIL");
  expect(summary).toContain("1 files about it in out/violation/");
  expect(summary).toContain("20 requests, 18 done");
  expect(summary).toContain("4 times, median 300 ms, max 300 ms");
});
