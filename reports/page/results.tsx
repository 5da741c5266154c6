import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { VERDICTS, type Verdict } from "../../harness/history/run-record.ts";
import type { PageData } from "./page-data.ts";
import { Badge } from "./badge.tsx";
import { Campaign, Groups } from "./campaign.tsx";
import { Environment, Evidence } from "./environment.tsx";
import { Failures } from "./failures.tsx";
import { Gates } from "./gates.tsx";
import { HeatMap } from "./heat-map.tsx";
import { counted } from "./numbers.ts";
import { Requirements } from "./requirements.tsx";
import { Runs } from "./runs.tsx";

const SECTIONS = [
  ["verdict", "Verdict"],
  ["failures", "Failures"],
  ["coverage", "Coverage"],
  ["faults", "Faults"],
  ["runs", "Runs"],
  ["requirements", "Requirements"],
  ["environment", "Environment"],
  ["evidence", "Evidence"],
] as const;

/** All results on one page, the verdict first. */
export function Results({ data }: { readonly data: PageData }): JSX.Element {
  const [text, setText] = useState("");
  const [only, setOnly] = useState<Verdict | undefined>(undefined);
  const runs = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
    return data.runs.filter((run) => {
      if (only !== undefined && run.verdict !== only) return false;
      const all = `${run.id} ${run.scenario} ${run.requirements.join(" ")} ${run.faults.map(({ kind }) => kind).join(" ")}`;
      return words.every((word) => all.toLowerCase().includes(word));
    });
  }, [data, text, only]);
  const { campaign } = data;
  const sections = SECTIONS.filter(([id]) => id !== (campaign === undefined ? "coverage" : "requirements"));
  const present = VERDICTS.filter((verdict) => data.runs.some((run) => run.verdict === verdict));
  return (
    <>
      <header class="masthead">
        <div class="page">
          <p class="brand">resilver</p>
          <h1>
            <Badge verdict={data.verdict} /> {data.title}
          </h1>
          <p class="quiet">
            {counted(campaign?.runCount ?? data.runs.length, "run")} · engine <code>{data.engine}</code> ·{" "}
            <time dateTime={data.createdAt}>{data.createdAt.replace("T", " ").replace(/\.\d+Z$/u, " UTC")}</time>
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
        {campaign === undefined ? (
          <Failures runs={data.runs} calledAs={data.calledAs} />
        ) : (
          <>
            <Groups groups={campaign.groups} runs={new Set(data.runs.map(({ id }) => id))} />
            <Campaign campaign={campaign} />
          </>
        )}
        <search class="filter">
          <label>
            Filter{" "}
            <input
              type="search"
              value={text}
              placeholder="part of a name, BR-4, power…"
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
            {runs.length} of {counted(data.runs.length, "run")}
          </output>
        </search>
        <HeatMap runs={runs} />
        <Runs runs={runs} />
        {campaign === undefined && <Requirements requirements={data.requirements} runs={data.runs} />}
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
