import {
  type Evidence,
  type PlantedBugResult,
  type Qualification,
  type QualificationPlan,
  type QualifiedRequirement,
  type QualifiedScenario,
  type ScenarioCell,
} from "../history/qualification.ts";
import { REQUIREMENTS } from "../history/requirements.ts";
import { type RunRecord, type Verdict, WORLD_KINDS, type WorldKind } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import { recordsPath } from "./bundle-layout.ts";
import { decide } from "./decide.ts";
import { faultCoverage, invariantSummaries, objectives, statisticsOf } from "./measures.ts";
import type { Profile } from "./profiles.ts";

/** Failures told with their blame; all are in the evidence. */
const FAILURES_MAX = 200;

/** What the evidence holds besides its plan. */
export interface Found {
  /** Of the scenarios and of the canaries, in any order. */
  readonly records: readonly RunRecord[];
  readonly plantedBugs?: readonly PlantedBugResult[] | undefined;
  readonly evidence: Evidence;
}

/**
 * What a qualification came to (HX-10): of evidence and nothing else, so that whoever has the evidence comes to the same.
 */
export function conclude(
  plan: QualificationPlan,
  profile: Profile,
  { records, plantedBugs, evidence }: Found,
): Qualification {
  const { scenarios: planned, canaries, schemaVersion: _version, ...head } = plan;
  const ofCanaries = new Set(canaries.map(({ id }) => id));
  const runs = records.filter(({ id }) => !ofCanaries.has(id)).toSorted(byPlace);
  const scenarios = planned.map((scenario): QualifiedScenario => {
    const missing = scenario.needs.filter((need) => !plan.target.capabilities.includes(need));
    const cells =
      missing.length > 0
        ? []
        : WORLD_KINDS.flatMap((world) => cellOf(scenario.id, world, plan.seeds[world], runs) ?? []);
    const verdict = missing.length > 0 ? "NOT_APPLICABLE" : mergeVerdicts(cells.map((cell) => cell.verdict));
    return { ...scenario, missing, cells, verdict };
  });
  const requirements = Object.entries(profile.levels).map(([id, level]): QualifiedRequirement => {
    const exercising = scenarios.filter((one) => one.missing.length === 0 && one.requirements.includes(id));
    const found = exercising.length === 0 ? "NOT_APPLICABLE" : mergeVerdicts(exercising.map(({ verdict }) => verdict));
    const waiver = plan.dossier.waivers?.find(({ requirement }) => requirement === id);
    const isWaived = waiver !== undefined && found !== "PASS";
    const verdict = isWaived ? "WAIVED" : found;
    return {
      id,
      title: titleOf(id),
      level,
      verdict,
      scenarios: exercising.map((one) => one.id),
      ...(isWaived ? { waiver } : {}),
    };
  });
  const selfTest = {
    canaries: canaries.map(({ id, name }) => {
      const own = records.filter((run) => run.id === id);
      return { id, name, found: own.filter(({ verdict }) => verdict === "PASS").length, runs: own.length };
    }),
    ...repeatsOf(records),
    ...(plantedBugs === undefined ? {} : { plantedBugs }),
  };
  const failures = runs
    .filter(({ verdict }) => verdict === "FAIL" || verdict === "ERROR")
    .flatMap((run) =>
      run.failures.map((failure) => ({
        scenario: run.id,
        world: run.world,
        seed: run.seed,
        verdict: run.verdict,
        failure,
        replay: run.replay,
      })),
    );
  const undeclared = profile.requires.filter((one) => !plan.target.capabilities.includes(one));
  const { verdict, reasons, conditions } = decide({ requirements, scenarios, selfTest, undeclared, seeds: plan.seeds });
  return {
    schemaVersion: 1,
    id: `${profile.name}-${plan.createdAt.slice(0, 10)}-${evidence.merkleRoot.slice(0, 12)}`,
    plan: head,
    profile: { name: profile.name, title: profile.title, requires: profile.requires },
    verdict,
    reasons,
    conditions,
    ...validUntil(plan),
    counts: countsOf(runs),
    requirements,
    scenarios,
    orphanRequirements: requirements.filter((one) => one.scenarios.length === 0).map(({ id }) => id),
    exclusions: exclusionsOf(profile),
    faults: faultCoverage(runs),
    invariants: invariantSummaries(runs),
    objectives: objectives(runs),
    selfTest,
    failures: failures.slice(0, FAILURES_MAX),
    statistics: statisticsOf(runs),
    ...contentsOf(runs),
    evidence,
  };
}

/**
 * A run in which a fault had no effect tested nothing, which real time brings about. Another seed of the same scenario
 * that did says what there is to say; both are in the evidence. Nothing else that is undecided is put aside.
 */
function cellOf(
  id: string,
  world: WorldKind,
  seeds: readonly number[],
  runs: readonly RunRecord[],
): ScenarioCell | undefined {
  if (seeds.length === 0) return undefined;
  const own = runs.filter((run) => run.id === id && run.world === world);
  const telling = own.filter(({ verdict, vacuous }) => verdict !== "UNKNOWN" || !vacuous);
  const isAll = seeds.every((seed) => own.some((run) => run.seed === seed));
  const verdicts = (telling.length > 0 ? telling : own).map((run) => run.verdict);
  const verdict = mergeVerdicts(isAll ? verdicts : [...verdicts, "SKIPPED"]);
  const undecided = own.find((run) => run.verdict !== "PASS" && run.failures.length > 0)?.failures[0]?.message;
  const note = verdict === "PASS" ? undefined : (undecided ?? vacuousNote(own));
  return {
    world,
    verdict,
    runs: countsOf(own),
    evidence: recordsPath(world, id),
    ...(note === undefined ? {} : { note: note.split("\n", 1)[0] ?? "" }),
  };
}

function vacuousNote(runs: readonly RunRecord[]): string | undefined {
  const [fault] = runs.flatMap(({ faults }) => faults).filter(({ effective }) => effective === 0);
  return fault === undefined ? undefined : `${fault.kind} on ${fault.on} had no effect`;
}

/** Of the first run of each; all are in the evidence. @param runs in their order */
function contentsOf(runs: readonly RunRecord[]): Pick<Qualification, "contents"> {
  const firsts = new Map<string, RunRecord>();
  for (const run of runs) {
    const place = recordsPath(run.world, run.id);
    if (run.contents !== undefined && !firsts.has(place)) firsts.set(place, run);
  }
  if (firsts.size === 0) return {};
  const contents = [...firsts.values()].flatMap(({ id, world, seed, contents: pairs = [] }) =>
    pairs.map(({ pair, primary, secondary }) => ({ scenario: id, world, seed, pair, primary, secondary })),
  );
  return { contents };
}

function repeatsOf(records: readonly RunRecord[]): { repeated: number; same: number } {
  const repeated = records.filter(({ world, verdict }) => world === "sim" && verdict !== "SKIPPED");
  const different = repeated.filter(({ failures }) => failures.some(({ rule }) => rule === "determinism"));
  return { repeated: repeated.length, same: repeated.length - different.length };
}

function countsOf(runs: readonly RunRecord[]): Partial<Record<Verdict, number>> {
  const counts: Partial<Record<Verdict, number>> = {};
  for (const { verdict } of runs) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

/** What the harness has to do itself is no requirement of an engine. */
function exclusionsOf(profile: Profile): Qualification["exclusions"] {
  return REQUIREMENTS.filter(({ id }) => !(id in profile.levels) && !id.startsWith("HX-")).map(
    ({ id, title, elsewhere }) => ({ id, title, reason: elsewhere ?? "not of this profile" }),
  );
}

function titleOf(id: string): string {
  const requirement = REQUIREMENTS.find((one) => one.id === id);
  if (requirement === undefined) throw new Error(`profile names ${id}, which is no requirement`);
  return requirement.title;
}

function validUntil({ createdAt, dossier }: QualificationPlan): { validUntil?: string } {
  if (dossier.validDays === undefined) return {};
  const end = new Date(Date.parse(createdAt) + dossier.validDays * 86_400_000);
  return { validUntil: end.toISOString().slice(0, 10) };
}

function byPlace(one: RunRecord, other: RunRecord): number {
  const [a, b] = [recordsPath(one.world, one.id), recordsPath(other.world, other.id)];
  return a === b ? one.seed - other.seed : a < b ? -1 : 1;
}
