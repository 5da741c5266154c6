import type { RunRecord } from "../../harness/history/run-record.ts";
import { runPlan } from "../../harness/run/run-plan.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import { failsAs, isLiveness } from "../../harness/hunt/shrink/same-failure.ts";
import { planSize } from "../../harness/hunt/shrink/plan-size.ts";
import { shrink } from "../../harness/hunt/shrink/shrink.ts";
import type { Failure } from "../../harness/history/run-record.ts";
import type { Plan } from "../../harness/plan/index.ts";
import type { HuntMessage, HuntOutcome, HuntRequest, SeedRange, SmallPlan } from "./hunt-message.ts";
import { huntPlan } from "./hunt-plan.ts";

// Runs in a copy of the tree, whose engine is spoilt.
const TREE = new URL("../../", import.meta.url).href;
const ALIVE_EVERY_MS = 1000;
/** Bounds the work of making a plan small where time does not pass. */
const SHRINK_RUNS_MAX = 100_000;

/** What it takes to run a plan: this copy's, or that of the tree as it is. */
interface Runner {
  readonly runPlan: typeof runPlan;
  readonly resilverTarget: typeof resilverTarget;
}

const { starts, secondsMax, shrinkSecondsMax, pristineUrl } = JSON.parse(process.argv[2] ?? "") as HuntRequest;
const spoilt: Runner = { runPlan, resilverTarget };
let pristine: Promise<Runner> | undefined;

async function loadPristine(): Promise<Runner> {
  const run = (await import(`${pristineUrl}harness/run/run-plan.ts`)) as Pick<Runner, "runPlan">;
  const target = (await import(`${pristineUrl}harness/target/resilver-target.ts`)) as Pick<Runner, "resilverTarget">;
  return { ...run, ...target };
}

function tell(message: HuntMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** As far as it is not said more often than every second. */
let toldMs = performance.now();
function tellAlive(): boolean {
  const nowMs = performance.now();
  if (nowMs - toldMs < ALIVE_EVERY_MS) return false;
  toldMs = nowMs;
  tell({ kind: "alive" });
  return true;
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function run(on: Runner, plan: Plan, seed: number): Promise<RunRecord> {
  const target = on.resilverTarget("");
  const options = { id: plan.name, seed, target, pump: hostPump(), replay: "", repeat: false };
  return (await on.runPlan(plan, options)).record;
}

/** What fails without the bug, too, does not show it. */
async function passesWithout(plan: Plan, seed: number): Promise<boolean> {
  pristine ??= loadPristine();
  return (await run(await pristine, plan, seed)).failures.length === 0;
}

let isShrunk = shrinkSecondsMax === 0;

async function hunt({ from, count }: SeedRange): Promise<HuntOutcome> {
  const startMs = performance.now();
  const before = process.cpuUsage();
  const falseAlarms: number[] = [];
  const spent = (seeds: number): Pick<HuntOutcome, "seeds" | "ms" | "cpuMs" | "falseAlarms"> => ({
    seeds,
    ms: performance.now() - startMs,
    cpuMs: cpuMsSince(before),
    falseAlarms,
  });
  for (let seed = from; seed < from + count; seed++) {
    const plan = huntPlan(seed);
    const { failures } = await run(spoilt, plan, seed);
    const [first] = failures;
    if (first !== undefined) {
      const found = spent(seed - from + 1);
      if (await passesWithout(plan, seed)) {
        const rules = [...new Set(failures.map(({ rule }) => rule))];
        // A stack names the copy, which is another folder each time.
        const message = first.message.replaceAll(TREE, "");
        const outcome = { kind: "found", ...found, seed, rules, message } as const;
        return isShrunk ? outcome : { ...outcome, small: await smallPlan(plan, seed, first) };
      }
      falseAlarms.push(seed);
    }
    if (!tellAlive()) continue;
    const sofar = spent(seed - from + 1);
    if (sofar.cpuMs > secondsMax * 1000) return { kind: "missed", ...sofar };
  }
  return { kind: "missed", ...spent(count) };
}

/** As long as it fails as before, and only with the bug. */
async function smallPlan(plan: Plan, seed: number, failure: Failure): Promise<SmallPlan> {
  isShrunk = true;
  const startMs = performance.now();
  const before = process.cpuUsage();
  const small = await shrink(plan, {
    fails: async (candidate) => {
      tellAlive();
      return failsAs(await run(spoilt, candidate, seed), failure) && (await passesWithout(candidate, seed));
    },
    isLiveness: isLiveness(failure),
    isOver: () => cpuMsSince(before) > shrinkSecondsMax * 1000,
    runsMax: SHRINK_RUNS_MAX,
  });
  const { steps, faults } = planSize(small.plan);
  return { ...small, steps, faults, ms: performance.now() - startMs };
}

for (const start of starts) tell(await hunt(start));
process.exit(0);
