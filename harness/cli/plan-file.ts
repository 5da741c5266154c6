import { readFile, stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { parsePlan } from "../plan/plan.ts";
import { PlanError } from "../plan/plan-error.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { quoted, UsageError } from "./usage-error.ts";

const PLAN_BYTES_MAX = 16 * 1024 * 1024;

/** A plan that somebody wrote or generated, as JSON. @throws UsageError naming the file and the place in it */
export async function readPlanFile(path: string): Promise<ScenarioEntry> {
  const plan = parsePlanOf(path, parseJson(path, await readText(path)));
  return { id: idOf(path), name: plan.name, requirements: plan.requirements, plan };
}

/** From the path, so that two files of one name are two runs. */
function idOf(path: string): string {
  const near = relative("", path);
  const parts = (near.startsWith("..") ? resolve(path) : near).replace(/\.json$/, "").split(/[\\/]/);
  return ["plan", ...parts.filter((part) => part !== "")].join("/");
}

async function readText(path: string): Promise<string> {
  let sizeBytes: number;
  try {
    sizeBytes = (await stat(path)).size;
    if (sizeBytes <= PLAN_BYTES_MAX) return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError({ place: path, found: code, expected: "a readable file" }, { cause: error });
  }
  throw new UsageError({ place: path, found: `${sizeBytes} bytes`, expected: `a plan of at most ${PLAN_BYTES_MAX}` });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = text.trim() === "" ? "an empty file" : error instanceof Error ? error.message : quoted(text);
    throw new UsageError({ place: path, found, expected: "a plan as JSON" }, { cause: error });
  }
}

function parsePlanOf(path: string, data: unknown) {
  try {
    return parsePlan(data);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const { found, expected } = error;
    const remedy = "see: resilver schema plan";
    throw new UsageError({ place: `${path}: ${error.path}`, found, expected, remedy }, { cause: error });
  }
}
