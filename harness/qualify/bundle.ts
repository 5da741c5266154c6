import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Evidence, PlantedBugResult, Qualification, QualificationPlan } from "../history/qualification.ts";
import { type RunRecord, WORLD_KINDS } from "../history/run-record.ts";
import { runRecordSchema } from "../history/run-record-schema.ts";
import { signStatement, type Statement, statementOf, type Subject } from "./attestation.ts";
import {
  ATTESTATION_PATH,
  DOCUMENT_PATH,
  EVIDENCE_FOLDER,
  KEY_PATH,
  mediaTypeOf,
  PDF_PATH,
  PLAN_PATH,
  PLANTED_BUGS_PATH,
  recordsPath,
  REPORT_PATH,
  RUNS_FOLDER,
  scenarioPath,
} from "./bundle-layout.ts";
import type { Found } from "./conclude.ts";
import { MalformedError } from "./malformed-error.ts";
import { merkleRoot } from "./merkle.ts";
import { plantedBugsSchema } from "./planted-bugs.ts";
import { readDocument } from "./read-document.ts";

const TOP_NAMES = [EVIDENCE_FOLDER.slice(0, -1), DOCUMENT_PATH, REPORT_PATH, PDF_PATH, ATTESTATION_PATH, KEY_PATH];

/**
 * The folder of a qualification while it is made: first what is to be done, then records as runs end, then what they
 * come to. So whatever ends the program, what is known by then is there, and nothing says that it is complete.
 */
export class BundleWriter {
  readonly path: string;

  /** @throws Error if the folder holds something else */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    const former = readdirSync(path);
    const isOurs = former.every((name) => TOP_NAMES.includes(name)) && existsSync(join(path, PLAN_PATH));
    if (former.length > 0 && !isOurs) throw new Error("holds something that is no qualification");
    for (const name of former) rmSync(join(path, name), { recursive: true });
  }

  begin(plan: QualificationPlan, scenarios: ReadonlyMap<string, unknown>): void {
    this.#write(PLAN_PATH, `${JSON.stringify(plan, null, 2)}\n`);
    for (const [id, scenario] of scenarios) this.#write(scenarioPath(id), `${JSON.stringify(scenario)}\n`);
  }

  /** @param text as it was printed */
  plantedBugs(text: string): void {
    this.#write(PLANTED_BUGS_PATH, text);
  }

  /** One line more: of thousands of seeds nothing is written twice. */
  record(run: RunRecord): void {
    const path = join(this.path, recordsPath(run.world, run.id));
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, `${JSON.stringify(run)}\n`);
  }

  /** @param html of `document` */
  conclude(document: Qualification, html: string): void {
    this.#write(DOCUMENT_PATH, `${JSON.stringify(document, null, 2)}\n`);
    this.#write(REPORT_PATH, html);
  }

  /** Signs what is there. @param key a private one, Ed25519 */
  attest(document: Qualification, key: KeyObject): void {
    this.#write(KEY_PATH, createPublicKey(key).export({ type: "spki", format: "pem" }).toString());
    this.#write(ATTESTATION_PATH, signStatement(statementFor(this.path, document), key));
  }

  /** Under another name first: a reader sees the former file or the whole new one. */
  #write(path: string, content: string): void {
    const full = join(this.path, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(`${full}.part`, content);
    renameSync(`${full}.part`, full);
  }
}

/** What is said of the files in `folder`. @param document the qualification among them */
export function statementFor(folder: string, document: Qualification): Statement {
  const { name, digest } = document.plan.target;
  const tested: Subject[] = /^[0-9a-f]{64}$/u.test(digest) ? [{ name, sha256: digest }] : [];
  const subject = (path: string): Subject => ({ name: path, sha256: sha256(readFileSync(join(folder, path))) });
  const files = [DOCUMENT_PATH, REPORT_PATH, PDF_PATH].filter((file) => existsSync(join(folder, file)));
  return statementOf(document, [...tested, ...files.map(subject)], [subject(PLAN_PATH)]);
}

/** What lies in the folder of the evidence. */
function evidenceOf(folder: string): Evidence {
  const files = filesOf(folder)
    .filter((path) => path.startsWith(EVIDENCE_FOLDER))
    .map((path) => {
      const content = readFileSync(join(folder, path));
      return { path, mediaType: mediaTypeOf(path), sizeBytes: content.length, sha256: sha256(content) };
    });
  return { merkleRoot: rootOf(files), files };
}

/** Its leaves are lines as `sha256sum` prints them. */
export function rootOf(files: Evidence["files"]): string {
  return merkleRoot(files.map((file) => `${file.sha256}  ${file.path}`));
}

/** Paths of all files, forward slashes, in the order of their code units. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted((one, other) => (one < other ? -1 : Number(one > other)));
}

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** All that a bundle's conclusions rest on, but for its plan. @throws MalformedError */
export function readFound(folder: string): Found {
  const bugs = join(folder, PLANTED_BUGS_PATH);
  return {
    records: readRecords(folder),
    ...(existsSync(bugs) ? { plantedBugs: readPlantedBugs(readFileSync(bugs, "utf8")) } : {}),
    evidence: evidenceOf(folder),
  };
}

/** Without what no report tells. */
function readPlantedBugs(text: string): readonly PlantedBugResult[] {
  return plantedBugsSchema.parse(readDocument(PLANTED_BUGS_PATH, text, plantedBugsSchema)).bugs;
}

function readRecords(folder: string): RunRecord[] {
  const runs = WORLD_KINDS.map((world) => `${RUNS_FOLDER}${world}/`);
  return filesOf(folder)
    .filter((path) => runs.some((start) => path.startsWith(start)))
    .flatMap((path) => {
      const lines = readFileSync(join(folder, path), "utf8").trimEnd().split("\n");
      return lines.map((line, index) => {
        const place = index + 1;
        const run: RunRecord = readDocument(path, line, runRecordSchema, place);
        if (recordsPath(run.world, run.id) === path) return run;
        throw new MalformedError(path, `line ${place}`, `a run of ${run.id}, ${run.world}`, "runs of its own scenario");
      });
    });
}
