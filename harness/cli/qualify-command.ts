import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Dossier, Qualification, QualificationPlan, QualificationVerdict } from "../history/qualification.ts";
import type { WorldKind } from "../history/run-record.ts";
import { parsePlan } from "../plan/plan.ts";
import { BundleWriter, readFound } from "../qualify/bundle.ts";
import { PDF_PATH, REPORT_PATH } from "../qualify/bundle-layout.ts";
import { choose, plannedOf } from "../qualify/choose-scenarios.ts";
import { conclude } from "../qualify/conclude.ts";
import { dossierSchema } from "../qualify/dossier.ts";
import { plantedBugsSchema } from "../qualify/planted-bugs.ts";
import { PROFILES, type Profile } from "../qualify/profiles.ts";
import type { OutsideTarget } from "../target/outside-target.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { environmentOf } from "./environment.ts";
import { EXIT } from "./exit-code.ts";
import { printPdf } from "./print-pdf.ts";
import { engineDigest } from "./engine-digest.ts";
import { judgeDigest } from "./program-digests.ts";
import { runQualification } from "./qualify-runs.ts";
import { readJsonFile } from "./read-json-file.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { loadAll } from "./scenario-files.ts";
import { targetOf } from "./target-files.ts";
import { quoted, UsageError } from "./usage-error.ts";

export interface QualifyOptions {
  /** An outside target: the name of a shipped one, or the path of a manifest; the engine of this project without. */
  readonly target: string | undefined;
  readonly profile: string;
  readonly worlds: WorldKind | "both";
  /** Simulated runs of each scenario: seeds from 1 on. */
  readonly seedCount: number;
  readonly out: string;
  readonly dossier: string | undefined;
  readonly key: string | undefined;
  /** What `npm run -s bugs -- --json` printed. */
  readonly plantedBugs: string | undefined;
  readonly pdf: boolean;
  readonly json: boolean;
  readonly workers: number | undefined;
  readonly timeoutMs: number;
}

const BUGS_EXPECTED = "what `npm run -s bugs -- --json` prints";
/** Scenarios in which storage lies, and the harness has to find out. */
const CANARIES = "detection/";

/**
 * Puts a target through a profile, and writes the bundle: evidence, report, attestation (HX-10).
 *
 * @returns the exit code: 0 qualified, also with conditions; 1 not qualified; 2 incomplete
 * @throws UsageError
 */
export async function qualifyCommand(parts: CommandLineParts, options: QualifyOptions): Promise<number> {
  const { terminal, interrupt } = parts;
  const profile = profileOf(options.profile);
  const target = options.target === undefined ? undefined : await targetOf(parts, options.target);
  const dossier = options.dossier === undefined ? shortDossier(parts, target) : dossierOf(options.dossier, profile);
  const key = options.key === undefined ? undefined : privateKey(options.key);
  if (options.plantedBugs !== undefined) readJsonFile(options.plantedBugs, plantedBugsSchema, BUGS_EXPECTED);
  const entries = await loadAll(parts.scenarios);
  const plan = planOf(parts, { profile, dossier, entries, target }, options);
  const bundle = bundleAt(options.out);
  const named = new Set([...plan.scenarios, ...plan.canaries].map(({ id }) => id));
  bundle.begin(plan, new Map(entries.filter(({ id }) => named.has(id)).map((entry) => [entry.id, entry.plan])));

  if (options.plantedBugs !== undefined) bundle.plantedBugs(readFileSync(options.plantedBugs, "utf8"));
  await runQualification(parts, plan, bundle, {
    workerCount: options.workers ?? availableParallelism(),
    timeoutMs: options.timeoutMs,
    target: options.target,
  });

  const document = conclude(plan, profile, readFound(bundle.path));
  bundle.conclude(document, parts.reports.qualificationReport(document));
  const pdf = options.pdf
    ? await printPdf(join(bundle.path, REPORT_PATH), join(bundle.path, PDF_PATH))
    : "not asked for";
  bundle.attest(document, key ?? generateKeyPairSync("ed25519").privateKey);

  if (options.json) terminal.out(`${JSON.stringify(document, null, 2)}\n`);
  else terminal.out(summaryOf(document, bundle.path, pdf, key !== undefined));
  return interrupt.aborted ? EXIT.interrupted : exitCodeOf(document.verdict);
}

function profileOf(name: string): Profile {
  const profile = PROFILES.find((one) => one.name === name);
  if (profile !== undefined) return profile;
  const expected = `one of ${PROFILES.map((one) => one.name).join(", ")}`;
  throw new UsageError({ place: "--profile", found: quoted(name), expected });
}

/** Where nobody gave one. */
function shortDossier({ version }: CommandLineParts, target: OutsideTarget | undefined): Dossier {
  if (target === undefined) return { vendor: "resilver", product: "resilver engine", version, interface: "NBD" };
  const { name, manifest } = target;
  return { vendor: "not named", product: name, version: "not named", build: manifest.image, interface: "NBD" };
}

function dossierOf(path: string, profile: Profile): Dossier {
  const dossier = readJsonFile(path, dossierSchema, "a dossier as JSON (see: resilver schema dossier)");
  for (const { requirement } of dossier.waivers ?? [])
    if (!(requirement in profile.levels))
      throw new UsageError({
        place: `${path}: waivers`,
        found: quoted(requirement),
        expected: `a requirement of the profile ${profile.name}`,
      });
  return dossier;
}

function privateKey(path: string): KeyObject {
  const expected = "a private key, Ed25519, as PEM";
  const remedy = "openssl genpkey -algorithm ed25519 makes one";
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(path));
  } catch (error) {
    const found = error instanceof Error && "code" in error ? String(error.code) : "no private key";
    throw new UsageError({ place: path, found, expected, remedy }, { cause: error });
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new UsageError({ place: path, found: `a key of type ${key.asymmetricKeyType ?? "none"}`, expected, remedy });
}

function bundleAt(path: string): BundleWriter {
  try {
    return new BundleWriter(path);
  } catch (error) {
    const found = `${quoted(path)} (${error instanceof Error ? error.message : String(error)})`;
    throw new UsageError(
      { place: "--out", found, expected: "an empty folder, or that of a former qualification" },
      { cause: error },
    );
  }
}

interface Subject {
  readonly profile: Profile;
  readonly dossier: Dossier;
  readonly entries: readonly ScenarioEntry[];
  readonly target: OutsideTarget | undefined;
}

function planOf(
  parts: CommandLineParts,
  { profile, dossier, entries, target }: Subject,
  { worlds, seedCount }: QualifyOptions,
): QualificationPlan {
  const engine = engineDigest(parts.engineFolder);
  const { name, digest, capabilities } = target ?? resilverTarget(engine);
  const candidates = entries.map((entry) => ({ ...entry, plan: parsePlan(entry.plan) }));
  const seeds = Array.from({ length: seedCount }, (_, index) => index + 1);
  const isSimulated = worlds !== "containers" && target === undefined;
  return {
    schemaVersion: 1,
    createdAt: new Date().toISOString(),
    suite: { version: parts.version, harness: judgeDigest(parts), engine },
    target: { name, digest, capabilities: [...capabilities] },
    profile: profile.name,
    seeds: { sim: isSimulated ? seeds : [], containers: worlds === "sim" ? [] : [1] },
    scenarios: choose(candidates, profile),
    canaries: candidates.filter(({ id }) => id.startsWith(CANARIES)).map(plannedOf),
    environment: environmentOf(parts.version),
    dossier,
  };
}

function summaryOf(document: Qualification, folder: string, pdf: string, hasKey: boolean): string {
  const { verdict, reasons, conditions, profile, requirements, counts, evidence } = document;
  const passed = requirements.filter((one) => one.verdict === "PASS").length;
  const runs = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return [
    `${verdict}  ${profile.name}: ${passed} of ${requirements.length} requirements passed; runs: ${runs.join(", ")}`,
    ...reasons.map((reason) => `  because   ${reason}`),
    ...conditions.map((condition) => `  condition ${condition}`),
    `report     ${join(folder, REPORT_PATH)}`,
    `pdf        ${pdf}`,
    `evidence   ${evidence.files.length} files, Merkle root ${evidence.merkleRoot}`,
    hasKey
      ? "signed     with your key"
      : "signed     with a key made for this bundle, which proves that it is whole, not whose it is",
    `verify     resilver verify ${folder}`,
    "",
  ].join("\n");
}

function exitCodeOf(verdict: QualificationVerdict): number {
  if (verdict === "NOT QUALIFIED") return EXIT.failures;
  return verdict === "INCOMPLETE" ? EXIT.incomplete : EXIT.pass;
}
