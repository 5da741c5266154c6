import { planJsonSchema } from "../plan/json-schema.ts";
import { dossierJsonSchema } from "../qualify/dossier.ts";
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
  const other = parts.schemas.get(format);
  if (other !== undefined) return other();
  const known = ["results", "plan", "dossier", ...parts.schemas.keys()].join(", ");
  throw new UsageError({ place: "schema", found: quoted(format), expected: `one of ${known}` });
}
