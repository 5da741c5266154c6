import { parsePlan } from "../plan/plan.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { recordRun } from "./record-run.ts";
import type { ReplayAnswer, ReplayRequest } from "./replay-messages.ts";

// What a page starts as a worker: the engine and the simulated world, in a browser (rule 1).

/** What of a worker's global scope is used. */
interface WorkerScope {
  onmessage: ((event: { readonly data: ReplayRequest }) => void) | null;
  postMessage(message: ReplayAnswer): void;
  readonly performance: { now(): number };
}

const scope = globalThis as unknown as WorkerScope;
const pump = hostPump();

async function answer({ id, seed, plan, digest }: ReplayRequest): Promise<ReplayAnswer> {
  try {
    const wallNowMs = (): number => scope.performance.now();
    const target = resilverTarget(digest);
    return { kind: "recording", recording: await recordRun(parsePlan(plan), { id, seed, target, pump, wallNowMs }) };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

scope.onmessage = ({ data }) => {
  void answer(data).then((message) => scope.postMessage(message));
};
scope.postMessage({ kind: "ready" });
