import type { ProgramParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { quoted, UsageError } from "./usage-error.ts";

export interface KeysOptions {
  readonly out: string;
  readonly days: number;
}

/** Makes the keys of the systems named, and prints the files. @throws UsageError, and the errors of the key maker */
export async function keysCommand(
  { keys, terminal }: ProgramParts,
  names: readonly string[],
  { out, days }: KeysOptions,
): Promise<number> {
  if (keys === undefined)
    throw new UsageError({ place: "keys", found: quoted(out), expected: "a program that can make keys" });
  for (const path of await keys({ folder: out, names, days })) terminal.out(`${path}\n`);
  return EXIT.pass;
}
