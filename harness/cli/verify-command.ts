import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { QualificationPlan } from "../history/qualification.ts";
import type { RunRecord } from "../history/run-record.ts";
import { formatFound } from "../plan/plan-error.ts";
import { recordsPath, scenarioPath } from "../qualify/bundle-layout.ts";
import { readScenario } from "../qualify/read-document.ts";
import { type CheckedBundle, checkBundle, NoBundleError, type Problem } from "../qualify/verify-bundle.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { engineDigest } from "./engine-digest.ts";
import { judgeDigest } from "./program-digests.ts";
import { taskOf } from "./run-command.ts";
import { runRecorded } from "./run-recorded.ts";
import type { RunTask } from "./run-task.ts";
import { oneLine, quoted, UsageError } from "./usage-error.ts";

export interface VerifyOptions {
  readonly key: string | undefined;
  readonly rerun: boolean;
  readonly json: boolean;
  readonly workers: number | undefined;
  readonly timeoutMs: number;
}

/** What the simulated runs came to, done again. */
interface Rerun {
  readonly done: number;
  readonly of: number;
  readonly problems: readonly Problem[];
  readonly undecided: readonly string[];
}

/**
 * Checks a bundle of a qualification, whoever made it (HX-10).
 *
 * @returns the exit code: 0 if everything holds, 1 if something does not, 2 if something could not be checked
 * @throws UsageError if there is no bundle
 */
export async function verifyCommand(parts: CommandLineParts, folder: string, options: VerifyOptions): Promise<number> {
  const { terminal, reports, interrupt } = parts;
  const key = options.key === undefined ? undefined : publicKey(options.key);
  const harness = judgeDigest(parts);
  const checked = check(folder, { key, harness, report: (document) => reports.qualificationReport(document) });
  const again = await runAgain(parts, folder, checked, options);
  const problems = [...checked.problems, ...again.problems];
  const undecided = [...checked.undecided, ...again.undecided];
  const { document } = checked;
  const result = {
    schemaVersion: 1,
    isSound: problems.length === 0 && undecided.length === 0,
    verdict: document?.verdict ?? "unknown",
    keyId: checked.keyId,
    merkleRoot: document?.evidence.merkleRoot ?? "",
    rerun: { done: again.done, of: again.of },
    problems,
    undecided,
  };
  if (options.json) terminal.out(`${JSON.stringify(result, null, 2)}\n`);
  else
    terminal.out(
      [
        ...problems.map(({ path, problem }) => `WRONG      ${oneLine(`${path} ${problem}`)}`),
        ...undecided.map((line) => `UNDECIDED  ${oneLine(line)}`),
        ...(document === undefined
          ? []
          : [`files      ${document.evidence.files.length} as recorded, Merkle root ${result.merkleRoot}`]),
        `signed     by key ${checked.keyId}${key === undefined ? ", which the bundle itself brings: it proves that it is whole, not whose it is" : ""}`,
        `runs       ${again.done} of ${again.of} simulated ones done again`,
        problems.length > 0
          ? `FAIL  ${folder}: what it says cannot be relied on`
          : `${undecided.length > 0 ? "UNKNOWN" : "PASS"}  ${folder}: ${oneLine(`${result.verdict}, ${document?.plan.dossier.product ?? ""}, ${document?.profile.name ?? ""}`)}`,
        "",
      ].join("\n"),
    );
  if (interrupt.aborted) return EXIT.interrupted;
  if (problems.length > 0) return EXIT.failures;
  return undecided.length > 0 ? EXIT.incomplete : EXIT.pass;
}

function check(folder: string, expected: Parameters<typeof checkBundle>[1]): CheckedBundle {
  try {
    return checkBundle(folder, expected);
  } catch (error) {
    const isTheirs = error instanceof NoBundleError || (error instanceof Error && "code" in error);
    if (!isTheirs) throw error;
    const { message } = error;
    throw new UsageError({ place: folder, found: message, expected: "the --out of a qualification" }, { cause: error });
  }
}

function publicKey(path: string): KeyObject {
  try {
    return createPublicKey(readFileSync(path));
  } catch (error) {
    const found = error instanceof Error && "code" in error ? String(error.code) : quoted(path);
    throw new UsageError({ place: "--key", found, expected: "a public key as PEM" }, { cause: error });
  }
}

async function runAgain(
  parts: CommandLineParts,
  folder: string,
  { plan, records = [], problems }: CheckedBundle,
  { rerun, workers, timeoutMs }: VerifyOptions,
): Promise<Rerun> {
  const recorded = records.filter(({ world, verdict }) => world === "sim" && verdict !== "SKIPPED");
  const none = { done: 0, of: recorded.length, problems: [], undecided: [] };
  if (plan === undefined || problems.length > 0 || !rerun || recorded.length === 0) return none;
  const [engine, harness] = [engineDigest(parts.engineFolder), judgeDigest(parts)];
  if (plan.suite.engine !== engine) {
    const found = `engine ${plan.suite.engine.slice(0, 16)}`;
    return { ...none, undecided: [`runs were not done again: they are of ${found}, this is ${engine.slice(0, 16)}`] };
  }
  const tasks = recorded.map((run) => taskAgain(folder, plan, run));
  const nowhere = { record: () => {} };
  const again = await runRecorded(parts, tasks, nowhere, {
    workerCount: workers ?? availableParallelism(),
    timeoutMs,
  });
  const different = again.flatMap((run, index): Problem[] => {
    const before = recorded[index] as RunRecord;
    const field = differenceOf(before, run, plan.suite.harness === harness);
    if (field === undefined) return [];
    const [was, found] = [before[field], run[field]].map(formatFound);
    const problem = `seed ${run.seed} came to ${field} ${found} in place of ${was}`;
    return [{ path: recordsPath("sim", run.id), problem }];
  });
  return { done: again.length, of: recorded.length, problems: different, undecided: [] };
}

/** What a run that is done again may have otherwise: it took another time, and outside judges of another version say it in other words. */
const OWN_FIELDS: readonly string[] = ["wallMs", "oracles"];

/**
 * The first field that another execution of the same run came to otherwise.
 *
 * @param isSame the same harness made both; a former one may have recorded less
 */
function differenceOf(before: RunRecord, again: RunRecord, isSame: boolean): keyof RunRecord | undefined {
  const fields = Object.keys(isSame ? { ...again, ...before } : before) as (keyof RunRecord)[];
  return fields.find((field) => {
    if (OWN_FIELDS.includes(field)) return false;
    const [was, is] = [before[field], again[field]];
    return isSame ? !isDeepStrictEqual(was, is) : !isWithin(was, is);
  });
}

/** All that `less` says, `more` says, too. */
function isWithin(less: unknown, more: unknown): boolean {
  if (typeof less !== "object" || less === null) return less === more;
  if (typeof more !== "object" || more === null) return false;
  if (Array.isArray(less) && (!Array.isArray(more) || more.length !== less.length)) return false;
  const held = new Map<string, unknown>(Object.entries(more));
  return Object.entries(less).every(([key, value]) => held.has(key) && isWithin(value, held.get(key)));
}

function taskAgain(
  folder: string,
  { suite }: QualificationPlan,
  { id, seed, scenario, requirements }: RunRecord,
): RunTask {
  const path = scenarioPath(id);
  const plan = readScenario(path, readFileSync(join(folder, path), "utf8"));
  const entry = { id, name: scenario, requirements, plan };
  return { ...taskOf(entry, { seed, world: "sim", repeat: false }, suite.engine, false), plan };
}
