import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { VERDICTS, type Verdict } from "../../harness/history/run-record.ts";
import { count, counted } from "./numbers.ts";
import type { RunTable } from "./run-table.ts";
import { Runs } from "./runs.tsx";

/** The runs that a reader asks for. What is typed is nobody else's affair, so nothing else is drawn again. */
export function FilteredRuns({ table }: { readonly table: RunTable }): JSX.Element {
  const [text, setText] = useState("");
  const [only, setOnly] = useState<Verdict | undefined>(undefined);
  const runs = useMemo(() => table.select(text, only), [table, text, only]);
  const present = useMemo(() => {
    const counts = table.verdictsOf(table.all);
    return VERDICTS.filter((verdict) => counts.has(verdict));
  }, [table]);
  return (
    <>
      <search class="filter">
        <label>
          Filter{" "}
          <input
            type="search"
            value={text}
            placeholder="part of a name, BR-4, power, a seed…"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <div role="group" aria-label="Verdict">
          <button type="button" aria-pressed={only === undefined} onClick={() => setOnly(undefined)}>
            all
          </button>
          {present.map((verdict) => (
            <button key={verdict} type="button" aria-pressed={only === verdict} onClick={() => setOnly(verdict)}>
              {verdict}
            </button>
          ))}
        </div>
        <output aria-live="polite">
          {count(runs.length)} of {counted(table.count, "run")}
        </output>
      </search>
      <Runs table={table} runs={runs} />
    </>
  );
}
