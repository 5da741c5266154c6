import type { JSX } from "preact";
import type { PageData } from "./page-data.ts";
import { Badges } from "./badge.tsx";
import { Campaign, Groups } from "./campaign.tsx";
import { Environment, Evidence } from "./environment.tsx";
import { Failures } from "./failures.tsx";
import { Gates } from "./gates.tsx";
import { HeatMap } from "./heat-map.tsx";
import { counted } from "./numbers.ts";
import { Recovery } from "./recovery.tsx";
import { Requirements } from "./requirements.tsx";
import type { RunTable } from "./run-table.ts";
import { FilteredRuns } from "./filtered-runs.tsx";

const SECTIONS = [
  ["verdict", "Verdict"],
  ["faults", "Faults"],
  ["failures", "Failures"],
  ["requirements", "Requirements"],
  ["recovery", "Recovery"],
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
  const { campaign, unfinished } = data;
  const absent = campaign === undefined ? ["coverage"] : ["requirements"];
  const sections = SECTIONS.filter(([id]) => !absent.includes(id));
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
        <HeatMap table={table} struck={data.struck} />
        {campaign === undefined ? (
          <Failures data={data} table={table} />
        ) : (
          <Groups groups={campaign.groups} table={table} />
        )}
        {campaign === undefined && <Requirements requirements={data.requirements} table={table} />}
        <Recovery recovery={data.recovery} />
        {campaign !== undefined && <Campaign campaign={campaign} />}
        <FilteredRuns table={table} />
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
