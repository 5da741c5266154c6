import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PostgresServer } from "../../harness/queue/fixtures/postgres-server.ts";
import { barAtMost, type Section, sampleOf, secondsOf } from "./measure.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
const documentSchema = z.object({ outcome: z.string(), runCount: z.int() });
type Outcome = z.infer<typeof documentSchema>;

export interface QueueBenchOptions {
  readonly seeds: number;
  readonly workers: number;
}

/**
 * The same hunt by the local pool and by as many workers that take it from a queue, each a process of its own, in turns.
 * Everything is started anew for each turn, and its start is measured with it.
 */
export async function queueAgainstPool(runs: number, { seeds, workers }: QueueBenchOptions): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), "resilver-bench-"));
  const server = await PostgresServer.start();
  const [pool, queue]: [number[], number[]] = [[], []];
  let outcome: Outcome | undefined;
  const hunt = async (...more: readonly string[]): Promise<void> => {
    const range = ["--seeds", `0..${seeds - 1}`, "--workers", String(workers), "--out", join(folder, "out")];
    const found = await documentOf(resilver("hunt", ...range, "--no-corpus", "--no-shrink", "--json", ...more));
    outcome ??= found;
    if (found.outcome !== outcome.outcome) throw new Error(`outcomes differ: ${outcome.outcome}, ${found.outcome}`);
  };
  const byQueue = async (): Promise<void> => {
    const at = ["--queue", server.url];
    const others = Array.from({ length: workers }, () => resilver("worker", ...at, "--workers", "1"));
    await hunt(...at);
    const ended = others.map((other) => once(other, "exit"));
    for (const other of others) other.kill("SIGTERM");
    await Promise.all(ended);
  };
  try {
    for (let round = 0; round < runs; round++) {
      pool.push(await secondsOf(() => hunt()));
      queue.push(await secondsOf(byQueue));
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const ratios = queue.map((seconds, round) => seconds / (pool[round] ?? seconds));
  return {
    name: "queue",
    how: `${seeds} seeds, ${outcome?.runCount} runs, ${workers} workers; start of every process included, outcomes equal`,
    samples: [
      sampleOf("local pool", "s", pool),
      sampleOf(`queue, ${workers} worker processes`, "s", queue),
      sampleOf("queue against pool, turn by turn", "×", ratios),
    ],
    bars: [barAtMost("queue against local pool", sampleOf("", "", ratios).median, 1.1)],
    notes: [],
  };
}

function resilver(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

async function documentOf(child: ChildProcess): Promise<Outcome> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(child, "close");
  return documentSchema.parse(JSON.parse(text));
}
