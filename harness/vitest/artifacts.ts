import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failureText } from "../../reports/failure-text.ts";
import type { RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/index.ts";
import { printScenario } from "../plan/print/print-scenario.ts";
import { replayCommand } from "./simulator.ts";

/** Of a checkout; ignored by its version control. */
const FOLDER = join("out", "vitest");

/** A run that is not as the test wants it: what broke, and how to run it again. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";
  readonly record: RunRecord;
  /** With `record.json`, `plan.json`, and `scenario.ts`, which can be pasted into `scenarios/`. */
  readonly folder: string;

  /** Writes the artifacts. @param note lines below what broke */
  constructor(record: RunRecord, plan: Plan, note: readonly string[] = []) {
    const folder = join(FOLDER, record.id.replaceAll(/[^\w.-]+/gu, "-"), `seed-${record.seed}`);
    super([failureText(record, replayCommand(record)), ...note, `artifacts in ${folder}/`].join("\n"));
    this.record = record;
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    const comment = failureText(record, replayCommand(record)).split("\n");
    writeFileSync(join(folder, "record.json"), `${JSON.stringify(record, null, 2)}\n`);
    writeFileSync(join(folder, "plan.json"), `${JSON.stringify(plan, null, 2)}\n`);
    writeFileSync(join(folder, "scenario.ts"), printScenario(plan, { comment }));
  }
}
