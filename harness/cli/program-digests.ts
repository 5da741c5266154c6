import { GENERATOR_VERSION } from "../hunt/generate.ts";
import type { Program } from "../queue/jobs.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";

/** What makes two programs come to the same results: the engine that runs, and all that runs and judges it. */
export function programOf({ engineFolder }: Pick<CommandLineParts, "engineFolder">): Program {
  return {
    engine: engineDigest(engineFolder),
    harness: engineDigest(new URL("../", import.meta.url)),
    generator: GENERATOR_VERSION,
  };
}
