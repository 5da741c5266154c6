import type {
  QualificationPlan,
  QualificationVerdict,
  QualifiedRequirement,
  QualifiedScenario,
  SelfTest,
} from "../history/qualification.ts";
import type { Verdict } from "../history/run-record.ts";

/** What a verdict is decided by. */
interface Findings {
  readonly requirements: readonly QualifiedRequirement[];
  readonly scenarios: readonly QualifiedScenario[];
  readonly selfTest: SelfTest;
  /** Capabilities that the profile is about and the target does not declare. */
  readonly undeclared: readonly string[];
  readonly seeds: QualificationPlan["seeds"];
}

interface Decision {
  readonly verdict: QualificationVerdict;
  readonly reasons: readonly string[];
  readonly conditions: readonly string[];
}

/**
 * The rules of a verdict (HX-10), in this order:
 * NOT QUALIFIED: a requirement that it MUST fulfil failed. INCOMPLETE: one was not decided, or nothing exercised it; or
 * the world of containers was left out, or the harness failed its own test. WITH CONDITIONS: one that it SHOULD fulfil
 * did not pass, or a waiver was made use of.
 */
export function decide({ requirements, scenarios, selfTest, undeclared, seeds }: Findings): Decision {
  const must = requirements.filter(({ level }) => level === "MUST");
  const failed = must.filter(({ verdict }) => verdict === "FAIL");
  const open = must.filter(({ verdict }) => !["PASS", "FAIL", "WAIVED"].includes(verdict));
  const incomplete = [
    ...undeclared.map((one) => `the target does not declare ${one}, which the profile is about`),
    ...open.map(({ id, verdict, scenarios: ran }) =>
      ran.length === 0
        ? `${id}: no scenario could exercise it`
        : `${id}: ${verdict}, because of ${decisive(scenarios, ran, verdict)}`,
    ),
    ...(seeds.containers.length === 0 ? ["nothing was run in the world of containers"] : []),
    ...selfTest.canaries
      .filter(({ found, runs }) => found < runs || runs === 0)
      .map(({ id, found, runs }) => `self-test: ${id} was found in ${found} of ${runs} runs`),
    ...(selfTest.repeated === 0 ? ["self-test: no run was done twice"] : []),
    ...(selfTest.same < selfTest.repeated
      ? [`self-test: ${selfTest.repeated - selfTest.same} runs, done again, came to another history`]
      : []),
  ];
  const conditions = requirements.flatMap(({ id, level, verdict, scenarios: ran, waiver }) => {
    if (waiver !== undefined) return [`${id} is waived by ${waiver.by}: ${waiver.reason}`];
    if (level === "MUST" || verdict === "PASS") return [];
    return [
      ran.length === 0
        ? `${id} was not exercised`
        : `${id}: ${verdict}, because of ${decisive(scenarios, ran, verdict)}`,
    ];
  });
  const failures = failed.map(
    ({ id, scenarios: ran }) => `${id}: FAIL, because of ${decisive(scenarios, ran, "FAIL")}`,
  );
  if (failures.length > 0) return { verdict: "NOT QUALIFIED", reasons: [...failures, ...incomplete], conditions };
  if (incomplete.length > 0) return { verdict: "INCOMPLETE", reasons: incomplete, conditions };
  return { verdict: conditions.length > 0 ? "WITH CONDITIONS" : "QUALIFIED", reasons: [], conditions };
}

const NAMED_MAX = 3;

/** Those of the scenarios that make the requirement's verdict what it is. */
function decisive(scenarios: readonly QualifiedScenario[], ids: readonly string[], verdict: Verdict): string {
  const bad = scenarios.filter((one) => ids.includes(one.id) && one.verdict === verdict).map(({ id }) => id);
  const named = bad.slice(0, NAMED_MAX).join(", ");
  return bad.length > NAMED_MAX ? `${named} and ${bad.length - NAMED_MAX} more` : named;
}
