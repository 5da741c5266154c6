import type { CommandLineParts, ProgramParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** By the name of the format: its JSON Schema, from a module that is loaded when it is asked for. */
const SCHEMAS: ReadonlyMap<string, (parts: CommandLineParts) => unknown> = new Map([
  ["plan", async () => (await import("../plan/json-schema.ts")).planJsonSchema()],
  ["results", ({ reports }: CommandLineParts) => reports.resultJsonSchema()],
  ["dossier", async () => (await import("../qualify/dossier.ts")).dossierJsonSchema()],
  ["target", async ({ version }: CommandLineParts) => (await import("../target/protocol.ts")).targetOpenApi(version)],
  ["target-manifest", async () => (await import("../target/target-manifest.ts")).targetManifestJsonSchema()],
  ["start", async () => (await import("./campaign-files.ts")).campaignJsonSchema("start")],
  ["history", async () => (await import("./campaign-files.ts")).campaignJsonSchema("history")],
  ["trends", async () => (await import("./campaign-files.ts")).campaignJsonSchema("trends")],
]);

/** Prints the JSON Schema of what goes in or comes out. @throws UsageError */
export async function schemaCommand(parts: CommandLineParts, format: string): Promise<number> {
  const schema = SCHEMAS.get(format) ?? parts.schemas.get(format);
  if (schema === undefined) {
    const expected = `one of ${schemaNames(parts).join(", ")}`;
    throw new UsageError({ place: "schema", found: quoted(format), expected });
  }
  parts.terminal.out(`${JSON.stringify(await schema(parts), null, 2)}\n`);
  return EXIT.pass;
}

/** What there are schemas of. */
export function schemaNames({ schemas }: Pick<ProgramParts, "schemas">): string[] {
  return [...SCHEMAS.keys(), ...schemas.keys()];
}
