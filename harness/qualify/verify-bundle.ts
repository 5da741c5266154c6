import { createPublicKey, type KeyObject } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PlannedScenario, Qualification, QualificationPlan } from "../history/qualification.ts";
import type { RunRecord } from "../history/run-record.ts";
import { AttestationError, keyIdOf, openStatement, OtherKeyError, type Statement } from "./attestation.ts";
import { filesOf, readFound, rootOf, sha256, statementFor } from "./bundle.ts";
import {
  ATTESTATION_PATH,
  DOCUMENT_PATH,
  EVIDENCE_FOLDER,
  KEY_PATH,
  PDF_PATH,
  PLAN_PATH,
  recordsPath,
  REPORT_PATH,
  scenarioPath,
} from "./bundle-layout.ts";
import { qualificationPlanSchema, qualificationSchema } from "./bundle-schemas.ts";
import { conclude } from "./conclude.ts";
import { MalformedError } from "./malformed-error.ts";
import { PROFILES } from "./profiles.ts";
import { readDocument, readScenario } from "./read-document.ts";

/** Something in a bundle that is not as it has to be. */
export interface Problem {
  /** In the bundle. */
  readonly path: string;
  readonly problem: string;
}

/** A bundle, as far as it can be believed. */
export interface CheckedBundle {
  readonly problems: readonly Problem[];
  /** What this version of the program cannot check, in words. */
  readonly undecided: readonly string[];
  /** SHA-256 of the key that signed; "" if nothing is signed. */
  readonly keyId: string;
  /** Only if nothing is wrong with files and signature. */
  readonly document?: Qualification;
  readonly plan?: QualificationPlan;
  readonly records?: readonly RunRecord[];
}

const OTHERWISE = "has another name or other requirements than were planned";

interface Expected {
  /** It has to be signed with this; with the key that lies in it if left out. */
  readonly key?: KeyObject | undefined;
  /** Of this program: another one may come to other words. */
  readonly harness: string;
  readonly report: (document: Qualification) => string;
}

/** The folder holds no bundle. */
export class NoBundleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoBundleError";
  }
}

/**
 * Checks a bundle without running anything: the signature, every byte of every file, that each document is one of its kind, and that the
 * report says what follows from the evidence (HX-10). Whatever lies in the folder, and whoever signed it: what is wrong is a problem.
 *
 * @throws NoBundleError
 */
export function checkBundle(folder: string, expected: Expected): CheckedBundle {
  const paths = filesOf(folder);
  for (const needed of [KEY_PATH, ATTESTATION_PATH, DOCUMENT_PATH, REPORT_PATH, PLAN_PATH])
    if (!paths.includes(needed)) throw new NoBundleError(`no ${needed}`);
  // A link leads out of the bundle, and what is no file may never end.
  const odd = paths.filter((path) => !lstatSync(join(folder, path)).isFile());
  if (odd.length > 0)
    return { problems: odd.map((path) => ({ path, problem: "is no file" })), undecided: [], keyId: "" };
  const text = (path: string): string => readFileSync(join(folder, path), "utf8");
  const problems: Problem[] = [];
  const own = readKey(text(KEY_PATH));
  if (own === undefined) problems.push({ path: KEY_PATH, problem: "is not a public key as it was written" });
  const key = expected.key ?? own;
  if (own !== undefined && key !== undefined && keyIdOf(own) !== keyIdOf(key))
    problems.push({ path: KEY_PATH, problem: `is key ${keyIdOf(own)}, and ${keyIdOf(key)} was asked for` });
  const statement =
    key === undefined ? undefined : open(text(ATTESTATION_PATH), key, expected.key !== undefined, problems);
  const keyId = key === undefined ? "" : keyIdOf(key);
  if (statement === undefined) return { problems, undecided: [], keyId };

  problems.push(...compareSigned(folder, paths, statement));
  // What the document says of other files is only worth something if it is the one that was signed.
  if (problems.some(({ path }) => path === DOCUMENT_PATH)) return { problems, undecided: [], keyId };
  try {
    const document: Qualification = readDocument(DOCUMENT_PATH, text(DOCUMENT_PATH), qualificationSchema);
    problems.push(...compareFiles(folder, paths, document));
    if (problems.length > 0) return { problems, undecided: [], keyId };
    if (JSON.stringify(statementFor(folder, document)) !== JSON.stringify(statement))
      problems.push({ path: ATTESTATION_PATH, problem: `says something else than ${DOCUMENT_PATH}` });
    const concluded = concludeAgain(folder, document, expected);
    return { keyId, ...concluded, problems: [...problems, ...concluded.problems] };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { problems: [...problems, { path: error.path, problem: error.problem }], undecided: [], keyId };
  }
}

/** The files that the statement itself names. */
function compareSigned(folder: string, paths: readonly string[], { subject, predicate }: Statement): Problem[] {
  const signed = new Map([...subject, ...predicate.configuration].map(({ name, digest }) => [name, digest.sha256]));
  const named = [DOCUMENT_PATH, REPORT_PATH, PDF_PATH].filter((one) => paths.includes(one));
  const problems = named
    .filter((path) => sha256(readFileSync(join(folder, path))) !== signed.get(path))
    .map((path) => ({ path, problem: signed.has(path) ? "is not what was signed" : "is not signed" }));
  if (signed.has(PDF_PATH) && !paths.includes(PDF_PATH)) problems.push({ path: PDF_PATH, problem: "is missing" });
  return problems;
}

function readKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    const isWhole = key.export({ type: "spki", format: "pem" }).toString() === pem;
    return isWhole && key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

function open(text: string, key: KeyObject, isGiven: boolean, problems: Problem[]): Statement | undefined {
  try {
    return openStatement(text, key);
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    const isOwnKey = error instanceof OtherKeyError && !isGiven;
    problems.push(
      isOwnKey
        ? { path: KEY_PATH, problem: "is not the key that signed" }
        : { path: ATTESTATION_PATH, problem: error.message },
    );
    return undefined;
  }
}

function compareFiles(folder: string, paths: readonly string[], { evidence }: Qualification): Problem[] {
  const problems: Problem[] = [];
  const listed = new Set(evidence.files.map(({ path }) => path));
  for (const { path, sha256: expected, sizeBytes } of evidence.files) {
    if (!paths.includes(path)) problems.push({ path, problem: "is missing" });
    else {
      const content = readFileSync(join(folder, path));
      if (content.length !== sizeBytes || sha256(content) !== expected)
        problems.push({ path, problem: "is not what was recorded" });
    }
  }
  const known = [KEY_PATH, ATTESTATION_PATH, DOCUMENT_PATH, REPORT_PATH, PDF_PATH];
  for (const path of paths)
    if (!listed.has(path) && !known.includes(path))
      problems.push({
        path,
        problem: path.startsWith(EVIDENCE_FOLDER) ? "is evidence that is not listed" : "does not belong to it",
      });
  if (rootOf(evidence.files) !== evidence.merkleRoot)
    problems.push({ path: DOCUMENT_PATH, problem: "has a Merkle root that is not that of its files" });
  return problems;
}

/** @throws MalformedError */
function concludeAgain(folder: string, document: Qualification, expected: Expected): Omit<CheckedBundle, "keyId"> {
  const planText = readFileSync(join(folder, PLAN_PATH), "utf8");
  const plan: QualificationPlan = readDocument(PLAN_PATH, planText, qualificationPlanSchema);
  const found = readFound(folder);
  const { records } = found;
  const problems = [...compareScenarios(folder, plan, document), ...compareRecords(plan, records)];
  if (problems.length > 0) return { problems, undecided: [], document };
  const profile = PROFILES.find(({ name }) => name === plan.profile);
  const same = plan.suite.harness === expected.harness;
  if (profile === undefined) {
    const undecided = [`this version has no profile ${plan.profile}, so nothing was concluded again`];
    return { problems, undecided, document, plan, records };
  }
  const again = JSON.stringify(conclude(plan, profile, found));
  if (again !== JSON.stringify(document))
    problems.push({ path: DOCUMENT_PATH, problem: "says something else than follows from the evidence" });
  else if (expected.report(document) !== readFileSync(join(folder, REPORT_PATH), "utf8"))
    problems.push({ path: REPORT_PATH, problem: `says something else than ${DOCUMENT_PATH}` });
  if (problems.length === 0 || same) return { problems, undecided: [], document, plan, records };
  // Rules and words may have changed since.
  const version = `by resilver ${plan.suite.version}, harness ${plan.suite.harness.slice(0, 16)}; this is another one`;
  const undecided = problems.map(({ path, problem }) => `${path} ${problem}: it was made ${version}`);
  return { problems: [], undecided, document, plan, records };
}

/** That there is a plan of each scenario, which can be run. @throws MalformedError */
function compareScenarios(folder: string, plan: QualificationPlan, { evidence }: Qualification): Problem[] {
  // Ids are what the bundle says: only what it lists is looked at, so none leads out of it.
  const listed = new Set(evidence.files.map(({ path }) => path));
  return [...plan.scenarios, ...plan.canaries].flatMap((planned): Problem[] => {
    const path = scenarioPath(planned.id);
    if (!listed.has(path)) return [{ path, problem: "is missing" }];
    const { name, requirements } = readScenario(path, readFileSync(join(folder, path), "utf8"));
    return isAsPlanned(planned, name, requirements) ? [] : [{ path, problem: OTHERWISE }];
  });
}

/** That each record is of a run that was planned, and of another one than those before it. */
function compareRecords({ scenarios, canaries, seeds }: QualificationPlan, records: readonly RunRecord[]): Problem[] {
  const planned = new Map([...scenarios, ...canaries].map((scenario) => [scenario.id, scenario]));
  const ofCanaries = new Set(canaries.map(({ id }) => id));
  const known = new Set<string>();
  return records.flatMap(({ id, world, seed, scenario, requirements }): Problem[] => {
    const path = recordsPath(world, id);
    const head = planned.get(id);
    if (head === undefined) return [{ path, problem: "is of a scenario that was not planned" }];
    if (!isAsPlanned(head, scenario, requirements))
      return [{ path, problem: `${OTHERWISE}, in the run of seed ${seed}` }];
    // Where a run in real time tested nothing, others follow, of seeds that no plan knows.
    const isSeed = world === "sim" ? ofCanaries.has(id) || seeds.sim.includes(seed) : seeds.containers.length > 0;
    if (!isSeed) return [{ path, problem: `holds a run of seed ${seed}, which was not planned` }];
    const run = `${path} ${seed}`;
    if (known.has(run)) return [{ path, problem: `holds two runs of seed ${seed}` }];
    known.add(run);
    return [];
  });
}

function isAsPlanned(planned: PlannedScenario, name: string, requirements: readonly string[]): boolean {
  return planned.name === name && planned.requirements.join() === requirements.join();
}
