import { html, raw } from "hono/html";
import type { Qualification } from "../../harness/history/qualification.ts";
import { attestation, evidence, glossary } from "./evidence-sections.ts";
import { cover, environment, product, scope, verdict } from "./head-sections.ts";
import type { Markup } from "./markup.ts";
import { failures, faults, integrity, objectives, selfTest, statistics, traceability } from "./result-sections.ts";
import { STYLE } from "./style.ts";

/** In the order of the report. A section that has nothing to say says so: its number stays. */
const SECTIONS: readonly (readonly [title: string, section: (document: Qualification) => Markup])[] = [
  ["Cover", cover],
  ["Verdict", verdict],
  ["Product", product],
  ["Topology and environment", environment],
  ["Scope", scope],
  ["Traceability", traceability],
  ["Fault coverage", faults],
  ["Data integrity", integrity],
  ["RPO, RTO and resync", objectives],
  ["Self-test of the harness", selfTest],
  ["Failures", failures],
  ["Statistics", statistics],
  ["Evidence", evidence],
  ["Attestation", attestation],
  ["Glossary and rules", glossary],
];

/** A qualification as one HTML file that needs no other, no script and no network; the same document gives the same bytes. */
export function qualificationReport(document: Qualification): string {
  const title = `${document.plan.dossier.product}: ${document.profile.title}`;
  const sections = SECTIONS.map(
    ([name, section], index) =>
      html`<section id="s${index + 1}"><h2>${index + 1}. ${name}</h2>\n${section(document)}</section>\n`,
  );
  const contents = SECTIONS.map(([name], index) => html`<li><a href="#s${index + 1}">${name}</a></li>`);
  const page = html`<!doctype html>
<html lang="en" style="--report-id: &quot;${document.id}&quot;">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · qualification report</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header><span class="brand">resilver · qualification report</span><h1>${title}</h1></header>
<nav aria-label="Contents"><ol>${contents}</ol></nav>
<main>
${sections}
</main>
</body>
</html>
`;
  if (page instanceof Promise) throw new Error("a report is made of nothing that has to be waited for");
  return page.toString();
}
