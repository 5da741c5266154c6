import type { JSX } from "preact";
import { Command } from "./command.tsx";
import { counted, duration } from "./numbers.ts";
import type { PageData } from "./page-data.ts";
import { runHref } from "./route.ts";
import type { RunRow, RunTable } from "./run-table.ts";

export function Failures({ data, table }: { readonly data: PageData; readonly table: RunTable }): JSX.Element {
  const { groups, calledAs } = data;
  return (
    <section id="failures" aria-labelledby="failures-title">
      <h2 id="failures-title">Failures</h2>
      {groups.length === 0 && (
        <p class="quiet">
          {table.count === 0 ? "Nothing ran." : "None: every run that was planned ran, and nothing was broken."}
        </p>
      )}
      {groups.map(({ title, count, runs }) => (
        <details key={title} class="failure" open={groups.length < 5}>
          <summary>
            {title} <span class="quiet">in {counted(count, "run")}</span>
          </summary>
          {runs.map((index) => (
            <FailedRun key={index} run={table.row(index)} table={table} calledAs={calledAs} />
          ))}
          {count > runs.length && <p class="quiet">and {counted(count - runs.length, "run")} more</p>}
        </details>
      ))}
    </section>
  );
}

interface FailedRunProps {
  readonly run: RunRow;
  readonly table: RunTable;
  readonly calledAs: string;
}

function FailedRun({ run, table, calledAs }: FailedRunProps): JSX.Element {
  const { failures = [], replay = "" } = run;
  return (
    <div class="failed-run">
      <p>
        <a href={runHref(run, table)}>{run.id}</a> <span class="quiet">seed {run.seed}</span>
      </p>
      <ul>
        {failures.slice(0, 5).map(({ rule, message, timeNs, blame }) => (
          <li key={`${rule} ${message}`}>
            <strong>{rule}</strong> at {duration(timeNs)}: {message}
            {blame.slice(0, 3).map((block) => (
              <div key={`${block.volume} ${block.offsetBytes}`} class="quiet">
                {block.volume} at {block.offsetBytes}: {block.cause}
              </div>
            ))}
          </li>
        ))}
      </ul>
      {replay !== "" && <Command text={`${calledAs} replay ${replay}`} />}
    </div>
  );
}
