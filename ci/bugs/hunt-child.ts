import type { RunRecord } from "../../harness/history/run-record.ts";
import { runPlan } from "../../harness/run/run-plan.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import type { HuntMessage, HuntOutcome, HuntRequest, SeedRange } from "./hunt-message.ts";
import { huntPlan } from "./hunt-plan.ts";

// Runs in a copy of the tree, whose engine is spoilt.
const ALIVE_EVERY_MS = 1000;

/** What it takes to run a plan: this copy's, or that of the tree as it is. */
interface Runner {
  readonly runPlan: typeof runPlan;
  readonly resilverTarget: typeof resilverTarget;
}

const { starts, secondsMax, pristineUrl } = JSON.parse(process.argv[2] ?? "") as HuntRequest;
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

async function run(on: Runner, seed: number): Promise<RunRecord> {
  const plan = huntPlan(seed);
  const target = on.resilverTarget("");
  const options = { id: plan.name, seed, target, pump: hostPump(), replay: "", repeat: false };
  return (await on.runPlan(plan, options)).record;
}

async function hunt({ from, count }: SeedRange): Promise<HuntOutcome> {
  const startMs = performance.now();
  const before = process.cpuUsage();
  const falseAlarms: number[] = [];
  let toldMs = startMs;
  const spent = (seeds: number): Pick<HuntOutcome, "seeds" | "ms" | "cpuMs" | "falseAlarms"> => {
    const { user, system } = process.cpuUsage(before);
    return { seeds, ms: performance.now() - startMs, cpuMs: (user + system) / 1000, falseAlarms };
  };
  for (let seed = from; seed < from + count; seed++) {
    const { failures } = await run(spoilt, seed);
    const [first] = failures;
    if (first !== undefined) {
      const found = spent(seed - from + 1);
      // What fails without the bug, too, does not show it.
      pristine ??= loadPristine();
      if ((await run(await pristine, seed)).failures.length === 0) {
        const rules = [...new Set(failures.map(({ rule }) => rule))];
        return { kind: "found", ...found, seed, rules, message: first.message };
      }
      falseAlarms.push(seed);
    }
    const nowMs = performance.now();
    if (nowMs - toldMs < ALIVE_EVERY_MS) continue;
    toldMs = nowMs;
    tell({ kind: "alive" });
    const sofar = spent(seed - from + 1);
    if (sofar.cpuMs > secondsMax * 1000) return { kind: "missed", ...sofar };
  }
  return { kind: "missed", ...spent(count) };
}

for (const start of starts) tell(await hunt(start));
process.exit(0);
