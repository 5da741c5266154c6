import { z } from "zod";
import { planJsonSchema } from "../plan/json-schema.ts";
import { dossierJsonSchema } from "../qualify/dossier.ts";
import { targetManifestSchema } from "../target/target-manifest.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** Formats that the harness knows; `target` is an OpenAPI document. */
export const OWN_FORMATS = ["results", "plan", "dossier", "target", "target-manifest"] as const;

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
  const other = parts.schemas.get(format);
  if (other !== undefined) return other();
  const known = [...OWN_FORMATS, ...parts.schemas.keys()].join(", ");
  throw new UsageError({ place: "schema", found: quoted(format), expected: `one of ${known}` });
}
