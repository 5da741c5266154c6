import { CAPABILITY_NAMES } from "../target/capability.ts";
import type { ProgramParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { shippedTargets, targetOf } from "./target-files.ts";

const OURS = {
  name: "resilver",
  description: "the engine of this project, which runs in both worlds and needs no --target",
  capabilities: CAPABILITY_NAMES,
};

/** Shows the targets that are shipped. @returns the exit code */
export async function listTargetsCommand(parts: ProgramParts, json: boolean): Promise<number> {
  const outside = await Promise.all(shippedTargets(parts).map((name) => targetOf(parts, name)));
  const targets = [
    OURS,
    ...outside.map(({ manifest: { name, description, image, capabilities } }) => ({
      name,
      description,
      image,
      capabilities,
    })),
  ];
  if (json) {
    parts.terminal.out(`${JSON.stringify({ schemaVersion: 1, targets }, null, 2)}\n`);
    return EXIT.pass;
  }
  for (const { name, description, capabilities } of targets)
    parts.terminal.out(`${name}\n    ${description}\n    ${capabilities.join(" ")}\n`);
  return EXIT.pass;
}
