import { planJsonSchema } from "../plan/json-schema.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** Prints the JSON Schema of what goes in or comes out. @throws UsageError */
export function schemaCommand(parts: CommandLineParts, format: string): number {
  parts.terminal.out(`${JSON.stringify(schemaOf(parts, format), null, 2)}\n`);
  return EXIT.pass;
}

function schemaOf(parts: CommandLineParts, format: string): unknown {
  if (format === "results") return parts.reports.resultJsonSchema();
  if (format === "plan") return planJsonSchema();
  throw new UsageError({ place: "schema", found: quoted(format), expected: "results or plan" });
}
