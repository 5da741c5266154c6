import type { WorldKind } from "../history/run-record.ts";

// Where what is in a bundle: paths from its folder, with forward slashes.

export const EVIDENCE_FOLDER = "evidence/";
export const RUNS_FOLDER = "evidence/runs/";
export const PLAN_PATH = "evidence/qualification-plan.json";
export const PLANTED_BUGS_PATH = "evidence/planted-bugs.json";
export const DOCUMENT_PATH = "qualification.json";
export const REPORT_PATH = "report.html";
export const PDF_PATH = "report.pdf";
export const ATTESTATION_PATH = "attestation.json";
export const KEY_PATH = "attestation.pub";

/** Records of a scenario, one a line, as its runs ended. */
export function recordsPath(world: WorldKind, id: string): string {
  return `${RUNS_FOLDER}${world}/${id}.jsonl`;
}

/** The plan that the scenario's runs were made from. */
export function scenarioPath(id: string): string {
  return `evidence/scenarios/${id}.json`;
}

/** By the end of a path. */
export function mediaTypeOf(path: string): string {
  if (path.endsWith(".jsonl")) return "application/jsonl";
  if (path.endsWith(".json")) return "application/json";
  if (path.endsWith(".html")) return "text/html";
  if (path.endsWith(".pdf")) return "application/pdf";
  return "application/octet-stream";
}
