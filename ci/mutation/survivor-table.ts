import type { Reason } from "./survivors.ts";

const BEGIN = "<!-- survivors: npm run -s mutants -- table -->";
const END = "<!-- end of survivors -->";
const TEXT_MAX = 100;

const KINDS: Readonly<Record<Reason["kind"], string>> = {
  equivalent: "the same",
  cost: "cost or bound",
  untested: "a test is missing",
};

/** The document with its table of reasons made anew. @throws Error if it has no place for it */
export function withTable(document: string, reasons: readonly Reason[]): string {
  const from = document.indexOf(BEGIN);
  const to = document.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the document has no "${BEGIN}" with "${END}" behind it`);
  return `${document.slice(0, from)}${BEGIN}\n\n${table(reasons)}\n\n${document.slice(to)}`;
}

function table(reasons: readonly Reason[]): string {
  const rows = reasons.map(({ file, original, replacement, occurrence, kind, reason }) => {
    const which = occurrence === undefined ? "" : ` (${occurrence}.)`;
    return `| ${file.slice("engine/".length)} | ${code(original)} → ${code(replacement)}${which} | ${KINDS[kind]} | ${reason} |`;
  });
  return ["| file in `engine/` | change | kind | why |", "|---|---|---|---|", ...rows.sort()].join("\n");
}

function code(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("`", "'");
  return `\`${line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX - 1)}…` : line}\``;
}
