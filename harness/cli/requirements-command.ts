import { parsePlan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { ProgramParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { REQUIREMENTS, type Requirement } from "../history/requirements.ts";
import { loadAll } from "./scenario-files.ts";

/** A scenario that names a requirement. */
export interface Evidence {
  readonly id: string;
  /** Kinds of the faults in it, in the order of its steps. */
  readonly faults: readonly string[];
}

/** A requirement, and what exercises it. */
export interface TracedRequirement extends Requirement {
  readonly scenarios: readonly Evidence[];
  /** A scenario with faults in it should exercise it, and none does. */
  readonly isMissing: boolean;
}

/**
 * Shows which scenarios exercise which requirement.
 *
 * @returns the exit code: that of a failure if a requirement of the engine has no scenario with faults
 */
export async function requirementsCommand(parts: ProgramParts, json: boolean): Promise<number> {
  const entries = await loadAll(parts.scenarios);
  const traced = traceRequirements(
    entries.map(({ id, requirements, plan }) => ({ id, requirements, faults: faultsIn(parsePlan(plan).steps) })),
  );
  const missing = traced.filter(({ isMissing }) => isMissing).map(({ id }) => id);
  parts.terminal.out(json ? documentOf(traced, missing) : tableOf(traced, missing));
  return missing.length === 0 ? EXIT.pass : EXIT.failures;
}

/** Every requirement with the scenarios that name it. */
export function traceRequirements(
  scenarios: readonly (Evidence & { readonly requirements: readonly string[] })[],
): TracedRequirement[] {
  return REQUIREMENTS.map((requirement) => {
    const naming = scenarios.filter(({ requirements }) => requirements.includes(requirement.id));
    return {
      ...requirement,
      scenarios: naming.map(({ id, faults }) => ({ id, faults })),
      isMissing: requirement.elsewhere === undefined && !naming.some(({ faults }) => faults.length > 0),
    };
  });
}

/** The kinds of faults that the steps inject. */
export function faultsIn(steps: readonly Step[]): string[] {
  const kinds = steps.flatMap((step) => {
    if (step.kind === "inject") return [step.fault.kind];
    return "steps" in step ? faultsIn(step.steps) : [];
  });
  return [...new Set<string>(kinds)];
}

function tableOf(traced: readonly TracedRequirement[], missing: readonly string[]): string {
  const lines = traced.flatMap(({ id, title, elsewhere, scenarios, isMissing }) => [
    `${id.padEnd(6)} ${title}`,
    ...(elsewhere === undefined ? [] : [`       ${elsewhere}`]),
    ...(isMissing ? [`       MISSING: no scenario with faults in it`] : []),
    ...scenarios.map((one) => `       ${one.id}  (${one.faults.length === 0 ? "no faults" : one.faults.join(", ")})`),
  ]);
  const needed = traced.filter(({ elsewhere }) => elsewhere === undefined).length;
  const summary = `${needed - missing.length} of ${needed} requirements of the engine have a scenario with faults in it`;
  return `${[...lines, `${summary}${missing.length === 0 ? "" : `; missing: ${missing.join(" ")}`}`].join("\n")}\n`;
}

function documentOf(traced: readonly TracedRequirement[], missing: readonly string[]): string {
  const requirements = traced.map(({ id, title, elsewhere, scenarios }) => ({ id, title, elsewhere, scenarios }));
  return `${JSON.stringify({ schemaVersion: 1, requirements, missing }, null, 2)}\n`;
}
