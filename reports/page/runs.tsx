import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RunRecord } from "../../harness/history/run-record.ts";
import { Badge } from "./badge.tsx";
import { count, counted, duration } from "./numbers.ts";
import { runHref } from "./route.ts";

/** Rows that a browser lays out at once. */
const ROWS = 300;

export function Runs({ runs }: { readonly runs: readonly RunRecord[] }): JSX.Element {
  const [rows, setRows] = useState(ROWS);
  return (
    <section id="runs" aria-labelledby="runs-title">
      <h2 id="runs-title">Runs</h2>
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">Scenario</th>
            <th scope="col">Verdict</th>
            <th scope="col">World</th>
            <th scope="col" class="number">
              Seed
            </th>
            <th scope="col" class="number">
              Events
            </th>
            <th scope="col" class="number">
              Virtual time
            </th>
            <th scope="col">History</th>
          </tr>
        </thead>
        <tbody>
          {runs.slice(0, rows).map((run) => (
            <tr key={run.id}>
              <th scope="row">
                <a href={runHref(run.id)}>{run.id}</a>
                <div class="quiet">{run.scenario}</div>
              </th>
              <td>
                <Badge verdict={run.verdict} />
              </td>
              <td>{run.world}</td>
              <td class="number">{run.seed}</td>
              <td class="number">{count(run.events)}</td>
              <td class="number">{duration(run.virtualMs * 1e6)}</td>
              <td>
                <code>{run.historyHash}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {runs.length > rows && (
        <p>
          <button type="button" onClick={() => setRows(rows + ROWS)}>
            {counted(runs.length - rows, "run")} more
          </button>
        </p>
      )}
    </section>
  );
}
