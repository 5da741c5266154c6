import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { VERDICTS, type Verdict } from "../../harness/history/run-record.ts";
import type { PageData } from "./page-data.ts";
import { Badges } from "./badge.tsx";
import { Campaign, Groups } from "./campaign.tsx";
import { Environment, Evidence } from "./environment.tsx";
import { Failures } from "./failures.tsx";
import { Gates } from "./gates.tsx";
import { HeatMap } from "./heat-map.tsx";
import { count, counted } from "./numbers.ts";
import { Requirements } from "./requirements.tsx";
import type { RunTable } from "./run-table.ts";
import { Runs } from "./runs.tsx";

const SECTIONS = [
  ["verdict", "Verdict"],
  ["faults", "Faults"],
  ["failures", "Failures"],
  ["requirements", "Requirements"],
  ["coverage", "Coverage"],
  ["runs", "Runs"],
  ["environment", "Environment"],
  ["evidence", "Evidence"],
] as const;

interface ResultsProps {
  readonly data: PageData;
  readonly table: RunTable;
}

/** All results on one page, the verdict first. */
export function Results({ data, table }: ResultsProps): JSX.Element {
  const [text, setText] = useState("");
  const [only, setOnly] = useState<Verdict | undefined>(undefined);
  const all = useMemo(() => table.select("", undefined), [table]);
  const runs = useMemo(() => table.select(text, only), [table, text, only]);
  const present = useMemo(() => {
    const counts = table.verdictsOf(all);
    return VERDICTS.filter((verdict) => counts.has(verdict));
  }, [table, all]);
  const { campaign, unfinished } = data;
  const sections = SECTIONS.filter(([id]) => id !== (campaign === undefined ? "coverage" : "requirements"));
  return (
    <>
      <header class="masthead">
        <div class="page">
          <p class="brand">resilver</p>
          <h1>
            <Badges {...data} /> {data.title}
          </h1>
          {unfinished !== undefined && <p role="status">{unfinished}</p>}
          <p class="quiet">
            {counted(table.count, "run")} · engine <code>{data.engine}</code> · begun{" "}
            <time dateTime={data.startedAt}>{data.startedAt.replace("T", " ").replace(/\.\d+Z$/u, " UTC")}</time>
          </p>
          <nav aria-label="Sections">
            {sections.map(([id, name]) => (
              <a key={id} href={`#${id}`} onClick={(event) => goTo(event, id)}>
                {name}
              </a>
            ))}
          </nav>
        </div>
      </header>
      <main class="page">
        <Gates gates={data.gates} />
        <HeatMap table={table} runs={all} />
        {campaign === undefined ? (
          <Failures data={data} table={table} />
        ) : (
          <Groups groups={campaign.groups} table={table} />
        )}
        {campaign === undefined && <Requirements requirements={data.requirements} table={table} />}
        {campaign !== undefined && <Campaign campaign={campaign} />}
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
        <Environment environment={data.environment} />
        <Evidence evidence={data.evidence} />
      </main>
    </>
  );
}

/** Anchors would take the place of the address that names what is shown. */
function goTo(event: Event, id: string): void {
  event.preventDefault();
  document.getElementById(id)?.scrollIntoView();
}
