import { existsSync, readdirSync } from "node:fs";
import { PlanError } from "../plan/plan-error.ts";
import type { ScenarioCatalogue, ScenarioEntry } from "./scenario-entry.ts";
import { isCallerError, UsageError } from "./usage-error.ts";

/** Files that are no scenarios themselves: tests, and what several scenarios share. */
const NO_SCENARIO = /\.test\.ts$|^shared\//;

/**
 * The scenarios of a folder: every TypeScript file below it is one, its default export the plan.
 *
 * @param folder with a slash at its end
 */
export function scenarioFiles(folder: URL): ScenarioCatalogue {
  const ids = existsSync(folder) ? idsIn(folder) : [];
  return {
    ids: () => ids,
    async load(id) {
      try {
        const module: unknown = await import(new URL(`${id}.ts`, folder).href);
        return entryOf(id, module);
      } catch (error) {
        // One file of many: without its name nobody would know which.
        if (error instanceof PlanError)
          throw new PlanError(`scenarios/${id}.ts, ${error.path}`, error.found, error.expected);
        if (isCallerError(error)) throw error;
        const found = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        const expected = "a module that can be loaded";
        const remedy = "`npm run check` shows the line";
        throw new UsageError({ place: `scenarios/${id}.ts`, found, expected, remedy }, { cause: error });
      }
    },
  };
}

/** All entries of `catalogue`, in its order. */
export async function loadAll(catalogue: ScenarioCatalogue): Promise<ScenarioEntry[]> {
  return Promise.all(catalogue.ids().map((id) => catalogue.load(id)));
}

function idsIn(folder: URL): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !NO_SCENARIO.test(path))
    .map((path) => path.slice(0, -".ts".length))
    .toSorted((a, b) => (a < b ? -1 : Number(a > b)));
}

function entryOf(id: string, module: unknown): ScenarioEntry {
  const plan: unknown =
    typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  const head = planHead(plan);
  if (head === undefined)
    throw new UsageError({
      place: `scenarios/${id}.ts`,
      found: "a default export that is no scenario",
      expected: "what `scenario({ … })` gives",
      remedy: "put what several scenarios share into scenarios/shared",
    });
  return { id, ...head, plan };
}

/** What a list shows of a plan; `undefined` if `plan` has no such form. */
export function planHead(plan: unknown): Pick<ScenarioEntry, "name" | "requirements"> | undefined {
  if (typeof plan !== "object" || plan === null || !("name" in plan) || !("requirements" in plan)) return undefined;
  const { name, requirements } = plan;
  if (typeof name !== "string" || !Array.isArray(requirements)) return undefined;
  return { name, requirements: requirements.filter((item) => typeof item === "string") };
}
