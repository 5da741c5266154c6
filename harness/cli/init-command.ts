import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProgramParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** Folders of the program whose files make a template, with a slash at their end. */
export interface TemplateFolders {
  /** As it is in the sources. */
  readonly template: URL;
  /** What `npm run build` makes for it. */
  readonly built: URL;
}

/** Source maps are of no use without the sources. */
const LEFT_OUT = /\.map$/;

/**
 * Puts the template of an outside target into a folder.
 *
 * @throws UsageError if there is something in it already
 */
export function initCommand(
  { template, terminal, calledAs }: Pick<ProgramParts, "template" | "terminal" | "calledAs">,
  folder: string,
): number {
  if (template === undefined)
    throw new UsageError({ place: "init", found: quoted("target"), expected: "a program that has a template" });
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UsageError({
      place: "init target",
      found: `files in ${quoted(folder)}`,
      expected: "an empty folder, or none",
    });
  const built = fileURLToPath(template.built);
  if (!existsSync(built))
    throw new UsageError({
      place: "init target",
      found: `no ${built}`,
      expected: "what is built",
      remedy: "npm run build",
    });
  mkdirSync(folder, { recursive: true });
  for (const from of [fileURLToPath(template.template), built])
    for (const name of readdirSync(from).toSorted()) {
      if (LEFT_OUT.test(name)) continue;
      copyFileSync(join(from, name), join(folder, name));
      terminal.out(`${join(folder, name)}\n`);
    }
  terminal.err(`go on with: ${calledAs} conformance --target ${join(folder, "target.json")}\n`);
  return EXIT.pass;
}
