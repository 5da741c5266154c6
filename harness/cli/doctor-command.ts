import type { ProgramParts } from "./command-line-parts.ts";
import { type DoctorCheck, doctorChecks } from "./doctor-checks.ts";
import { EXIT } from "./exit-code.ts";

const MARKS: Readonly<Record<DoctorCheck["status"], string>> = {
  ok: "ok      ",
  limited: "limited ",
  broken: "BROKEN  ",
};

/** @returns 0: all is there; 2: results are limited; 1: scenarios cannot run here */
export async function doctorCommand(parts: ProgramParts, out: string, json: boolean): Promise<number> {
  const checks = await doctorChecks(parts, out);
  if (json) parts.terminal.out(`${JSON.stringify({ schemaVersion: 1, checks }, null, 2)}\n`);
  else for (const check of checks) parts.terminal.out(textOf(check));
  if (checks.some((check) => check.status === "broken")) return EXIT.failures;
  return checks.some((check) => check.status === "limited") ? EXIT.incomplete : EXIT.pass;
}

function textOf(check: DoctorCheck): string {
  const line = `${MARKS[check.status]}${check.name}: ${check.found}\n`;
  if (check.status === "ok") return line;
  return `${line}          ${check.lost}\n          remedy: ${check.remedy}\n`;
}
