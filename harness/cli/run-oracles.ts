import { type Judgement, unknown } from "../oracle/judgement.ts";
import type { Oracle, Question } from "../oracle/oracle.ts";
import type { CaptureContext, RunOracle } from "../run/run-oracle.ts";
import type { TraceSource } from "../trace/trace-source.ts";

/** The outside judges under the names that plans use: `e2fsck`, `e2fsck-clean` (nothing may be left to mend), `sqlite`. */
export function runOracles(oracle: Oracle, traces: TraceSource): ReadonlyMap<string, RunOracle> {
  const judge = (question: (context: CaptureContext) => Question | readonly Judgement[]): RunOracle => ({
    capture(content, context) {
      const asked = question(context);
      if (!("fileSystem" in asked)) return Promise.resolve(asked);
      return oracle.judge(oracle.capture(content), asked);
    },
  });
  return new Map([
    ["e2fsck", judge((context) => (beforeFileSystem(context, traces) ? [] : { fileSystem: "ext4" }))],
    [
      "e2fsck-clean",
      judge((context) => (beforeFileSystem(context, traces) ? [] : { fileSystem: "ext4", clean: true })),
    ],
    ["sqlite", judge((context) => sqliteQuestion(context, traces))],
  ]);
}

/** The recorded host had not made its file system yet, so there is nothing to judge. */
function beforeFileSystem(context: CaptureContext, traces: TraceSource): boolean {
  const { trace } = context;
  return trace !== undefined && trace.entriesMin < traces.info(trace.name).fileSystem.fromEntryCount;
}

function sqliteQuestion(context: CaptureContext, traces: TraceSource): Question | readonly Judgement[] {
  const { trace } = context;
  const sqlite = trace === undefined ? undefined : traces.info(trace.name).sqlite;
  if (trace === undefined || sqlite === undefined) {
    const why = `no SQLite database is known to be on ${context.volume}`;
    return [unknown("sqlite", why, "replay a trace with one, or take the expectation out")];
  }
  if (beforeFileSystem(context, traces)) return [];
  const { path, table, fromEntryCount } = sqlite;
  return { fileSystem: "ext4", sqlite: { path, table, required: trace.entriesMin >= fromEntryCount } };
}
