import { parsePlan, type Plan } from "../plan/plan.ts";
import { recordRun } from "../replay/record-run.ts";
import type { ReplayAnswer, ReplayRequest } from "../replay/replay-messages.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { randomPlan } from "./generate.ts";
import { worldSeed } from "./seed-result.ts";

// What a page starts as a worker: the engine and the simulated world, in a browser (rule 1).

/** What of a worker's global scope is used. */
interface WorkerScope {
  onmessage: ((event: { readonly data: ReplayRequest }) => void) | null;
  postMessage(message: ReplayAnswer): void;
  readonly performance: { now(): number };
}

const scope = globalThis as unknown as WorkerScope;
const pump = hostPump();

async function answer(request: ReplayRequest): Promise<ReplayAnswer> {
  try {
    const { id, digest } = request;
    const wallNowMs = (): number => scope.performance.now();
    const { plan, seed } = runOf(request);
    const recording = await recordRun(plan, { id, seed, target: resilverTarget(digest), pump, wallNowMs });
    return { kind: "recording", recording, topology: plan.topology };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** A random plan is made again from its seed, so that a page of 100,000 of them need not hold one. */
function runOf(request: ReplayRequest): { readonly plan: Plan; readonly seed: number } {
  const { seed } = request;
  if (request.kind === "plan") return { plan: parsePlan(request.plan), seed };
  const { variant } = request;
  return { plan: randomPlan(seed, variant), seed: worldSeed({ seed, variant }) };
}

scope.onmessage = ({ data }) => {
  void answer(data).then((message) => scope.postMessage(message));
};
scope.postMessage({ kind: "ready" });
