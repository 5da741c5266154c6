import { fileURLToPath } from "node:url";
import { engineDigest } from "../cli/engine-digest.ts";
import { tokenOf } from "../cli/replay-token.ts";
import { scenarioFiles } from "../cli/scenario-files.ts";
import { simTaskRunner } from "../cli/sim-task-runner.ts";
import type { RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";

const SCENARIOS = new URL("../../scenarios/", import.meta.url);
const digest = engineDigest(new URL("../../engine/", import.meta.url));
const runTask = simTaskRunner({
  scenarios: scenarioFiles(SCENARIOS),
  traceFolder: fileURLToPath(new URL("./traces/", SCENARIOS)),
  target: resilverTarget(digest),
});

/**
 * Runs a plan in the simulated world, on this thread.
 * @param options.repeat runs it twice and compares the histories (rule 11)
 */
export function simulateHere(
  plan: Plan,
  { id, seed, repeat }: { readonly id: string; readonly seed: number; readonly repeat: boolean },
): Promise<RunRecord> {
  const { name, requirements } = plan;
  const replay = tokenOf({ id, seed, plan, embed: true, engineDigest: digest });
  return runTask({ id, name, requirements, seed, world: "sim", repeat, heavy: false, plan, replay });
}

/** The command that runs a record's run again. */
export function replayCommand({ replay }: Pick<RunRecord, "replay">): string {
  return `npm run -s resilver -- replay ${replay}`;
}
