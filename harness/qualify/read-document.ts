import { z } from "zod";
import { misfitOf } from "../plan/misfit.ts";
import { type Plan, parsePlan } from "../plan/plan.ts";
import { PlanError } from "../plan/plan-error.ts";
import { MalformedError } from "./malformed-error.ts";

/** Nothing that is written here nests deeper than scenarios do. */
const DEPTH_MAX = 64;

/**
 * A document of a bundle, as it was written: with what its schema does not know, and its fields in their order.
 *
 * @param path of its file, in the bundle
 * @param line that it stands in, where a file has one a line
 * @throws MalformedError
 */
export function readDocument<T>(path: string, text: string, schema: z.ZodType<T>, line?: number): T {
  const within = line === undefined ? "" : `line ${line}`;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new MalformedError(path, within, "something else", "JSON");
  }
  // Before anything recursive looks at it.
  if (!isShallow(data)) throw new MalformedError(path, within, "values nested too deep", `at most ${DEPTH_MAX} levels`);
  const parsed = schema.safeParse(data);
  if (parsed.success) return data as T;
  const { path: place, found, expected } = misfitOf(data, parsed.error, "the top");
  throw new MalformedError(path, within === "" ? place : `${within}: ${place}`, found, expected);
}

/** The plan of a scenario. @throws MalformedError */
export function readScenario(path: string, text: string): Plan {
  const data = readDocument(path, text, z.unknown());
  try {
    return parsePlan(data);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new MalformedError(path, error.path, error.found, error.expected);
  }
}

function isShallow(data: unknown): boolean {
  let level: unknown[] = [data];
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
    if (level.length === 0) return true;
  }
  return false;
}
