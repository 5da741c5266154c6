import { z } from "zod";
import { planJsonSchema } from "../plan/json-schema.ts";
import { dossierJsonSchema } from "../qualify/dossier.ts";
import { targetManifestSchema } from "../target/target-manifest.ts";
import { CAMPAIGN_SCHEMAS } from "./campaign-files.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** Prints the JSON Schema of what goes in or comes out. @throws UsageError */
export async function schemaCommand(parts: CommandLineParts, format: string): Promise<number> {
  parts.terminal.out(`${JSON.stringify(await schemaOf(parts, format), null, 2)}\n`);
  return EXIT.pass;
}

function schemaOf(parts: CommandLineParts, format: string): unknown {
  if (format === "results") return parts.reports.resultJsonSchema();
  if (format === "plan") return planJsonSchema();
  if (format === "dossier") return dossierJsonSchema();
  // Loaded when it is asked for: it takes longer than most commands.
  if (format === "target")
    return import("../target/protocol.ts").then((protocol) => protocol.targetOpenApi(parts.version));
  if (format === "target-manifest") return z.toJSONSchema(targetManifestSchema, { io: "input" });
  const other = CAMPAIGN_SCHEMAS.get(format) ?? parts.schemas.get(format);
  if (other !== undefined) return other();
  throw new UsageError({
    place: "schema",
    found: quoted(format),
    expected: `one of ${schemaNames(parts).join(", ")}`,
  });
}

/** What there are schemas of. */
export function schemaNames({ schemas }: Pick<CommandLineParts, "schemas">): string[] {
  return ["plan", "results", "dossier", "target", "target-manifest", ...CAMPAIGN_SCHEMAS.keys(), ...schemas.keys()];
}
