import { html } from "hono/html";
import type { WorldKind } from "../../harness/history/run-record.ts";

/** What `html` makes: everything that was put in is escaped. */
export type Markup = ReturnType<typeof html>;

/** A table with a head; cells of numbers stand to the right. */
export function table(heads: readonly string[], rows: readonly (readonly unknown[])[]): Markup {
  return html`<table>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table>`;
}

function cell(value: unknown): Markup {
  return typeof value === "number"
    ? html`<td class="number">${value.toLocaleString("en")}</td>`
    : html`<td>${value}</td>`;
}

/** Names and values, one under the other. */
export function facts(rows: readonly (readonly [name: string, value: unknown])[]): Markup {
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>`;
}

export function list(items: readonly unknown[]): Markup {
  return html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** A verdict in its colour, and as a word: colour alone tells nothing on paper. */
export function badge(verdict: string): Markup {
  return html`<span class="badge ${toneOf(verdict)}">${verdict.replaceAll("_", " ")}</span>`;
}

export function toneOf(verdict: string): "good" | "bad" | "odd" | "none" {
  if (verdict === "PASS" || verdict === "QUALIFIED") return "good";
  if (verdict === "FAIL" || verdict === "ERROR" || verdict === "NOT QUALIFIED") return "bad";
  return verdict === "NOT_APPLICABLE" ? "none" : "odd";
}

export function code(text: string): Markup {
  return html`<code>${text}</code>`;
}

/** Milliseconds, as people say them. */
export function time(ms: number): string {
  if (ms < 1000) return `${ms.toLocaleString("en", { maximumSignificantDigits: 3 })} ms`;
  return `${(ms / 1000).toLocaleString("en", { maximumSignificantDigits: 3 })} s`;
}

export const WORLD_NAMES = { sim: "simulated", containers: "containers" } as const satisfies Record<WorldKind, string>;
