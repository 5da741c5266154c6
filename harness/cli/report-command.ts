import { EXIT } from "./exit-code.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { noPage, writePage } from "./write-page.ts";

/**
 * Writes the page of results that lie in a folder, anew.
 *
 * @returns the exit code
 * @throws UsageError
 */
export function reportCommand(parts: CommandLineParts, folder: string): number {
  const page = writePage(parts, folder);
  if (page === undefined) throw noPage("report");
  if (page.unfinished !== "") parts.terminal.out(`INCOMPLETE: ${page.unfinished}\n`);
  parts.terminal.out(`report: ${page.path}\n`);
  return EXIT.pass;
}
