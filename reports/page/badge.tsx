import type { JSX } from "preact";
import type { PageData, PageVerdict } from "./page-data.ts";

/** A verdict: its word, and a colour for those who see colours. */
export function Badge({ verdict }: { readonly verdict: PageVerdict }): JSX.Element {
  return <span class={`badge ${verdict.toLowerCase()}`}>{verdict.replace("_", " ")}</span>;
}

/** Of all runs together. What is incomplete is no pass; what failed until then has failed all the same. */
export function Badges({ verdict, isIncomplete }: Pick<PageData, "verdict" | "isIncomplete">): JSX.Element {
  if (!isIncomplete) return <Badge verdict={verdict} />;
  return (
    <>
      <Badge verdict="INCOMPLETE" /> {(verdict === "FAIL" || verdict === "ERROR") && <Badge verdict={verdict} />}
    </>
  );
}
