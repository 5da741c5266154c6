import { readFileSync } from "node:fs";
import type { RunRecord } from "../history/run-record.ts";
import { parseCorpus } from "../hunt/corpus.ts";
import { GENERATOR_VERSION, randomPlan } from "../hunt/generate.ts";
import { isPass } from "../hunt/run-seed.ts";
import { keyText, worldSeed } from "../hunt/seed-result.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import type { HuntDocument } from "./hunt-document.ts";
import { tokenOf } from "./replay-token.ts";
import { type RunTask, unfinishedRecord } from "./run-task.ts";
import { runTasks } from "./worker-pool.ts";

/** Failures of the past, run before anything else. @returns what was not as expected, with its replay command */
export async function runCorpus(
  parts: CommandLineParts,
  options: { readonly workerCount: number; readonly timeoutMs: number; readonly digest: string },
): Promise<HuntDocument["corpus"]> {
  if (parts.corpus === undefined) return { runCount: 0, skippedCount: 0, unexpected: [] };
  const lines = parseCorpus(readFileSync(parts.corpus, "utf8"));
  const tasks: RunTask[] = [];
  const expected: RunRecord["verdict"][] = [];
  for (const line of lines) {
    if ("generator" in line && line.generator !== GENERATOR_VERSION) continue;
    const isSeed = "generator" in line;
    const plan = isSeed ? randomPlan(line.seed, line.variant) : (await parts.scenarios.load(line.scenario)).plan;
    const id = isSeed ? `hunt/${keyText(line)}` : line.scenario;
    const seed = isSeed ? worldSeed(line) : line.seed;
    const replay = tokenOf({ id, seed, plan, embed: isSeed, engineDigest: options.digest });
    const head = { id, name: id, requirements: [], seed, world: "sim", repeat: true, heavy: false, replay } as const;
    tasks.push(isSeed ? { ...head, plan } : head);
    expected.push(line.verdict);
  }
  const records = await runTasks(tasks, {
    worker: parts.worker,
    workerCount: options.workerCount,
    taskMsMax: options.timeoutMs,
    signal: parts.interrupt,
    onStart: () => {},
    onRecord: () => {},
  });
  const unexpected = tasks.flatMap((task, index) => {
    const record = records[index] ?? unfinishedRecord(task, "SKIPPED", "not run");
    const verdict = task.plan !== undefined && isPass(record) ? "PASS" : record.verdict;
    if (verdict === expected[index]) return [];
    return [
      `${task.id} seed ${task.seed}: ${verdict}, not ${expected[index]}; ${parts.calledAs} replay ${task.replay}`,
    ];
  });
  return { runCount: records.length, skippedCount: lines.length - tasks.length, unexpected };
}
