import type { JSX } from "preact";
import type { Verdict } from "../../harness/history/run-record.ts";

/** A verdict: its word, and a colour for those who see colours. */
export function Badge({ verdict }: { readonly verdict: Verdict }): JSX.Element {
  return <span class={`badge ${verdict.toLowerCase()}`}>{verdict.replace("_", " ")}</span>;
}
