import { createHash } from "node:crypto";
import { GENERATOR_VERSION } from "../hunt/generate.ts";
import type { Program } from "../queue/jobs.ts";
import type { ProgramParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";

const HARNESS = new URL("../", import.meta.url);

/** What makes two programs come to the same results: the engine that runs, and all that runs and judges it. */
export function programOf({ engineFolder }: Pick<ProgramParts, "engineFolder">): Program {
  return { engine: engineDigest(engineFolder), harness: engineDigest(HARNESS), generator: GENERATOR_VERSION };
}

/** What makes two programs come to the same qualification of the same runs, word for word: all that judges, and the reports. */
export function judgeDigest({ reportFolder }: Pick<ProgramParts, "reportFolder">): string {
  return createHash("sha256").update(engineDigest(HARNESS)).update(engineDigest(reportFolder)).digest("hex");
}
