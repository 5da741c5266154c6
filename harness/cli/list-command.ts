import type { ProgramParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { loadAll } from "./scenario-files.ts";

/** Shows the shipped scenarios. @returns the exit code */
export async function listCommand(parts: ProgramParts, json: boolean): Promise<number> {
  const entries = await loadAll(parts.scenarios);
  if (json) {
    const scenarios = entries.map(({ id, name, requirements }) => ({ id, name, requirements }));
    parts.terminal.out(`${JSON.stringify({ schemaVersion: 1, scenarios }, null, 2)}\n`);
    return EXIT.pass;
  }
  for (const { id, name, requirements } of entries) {
    parts.terminal.out(`${id}\n    ${name}\n    ${requirements.join(" ")}\n`);
  }
  parts.terminal.out(`${entries.length} ${entries.length === 1 ? "scenario" : "scenarios"}\n`);
  return EXIT.pass;
}
