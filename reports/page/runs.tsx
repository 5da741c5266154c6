import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Badge } from "./badge.tsx";
import { count, counted, duration } from "./numbers.ts";
import { runHref } from "./route.ts";
import type { RunTable } from "./run-table.ts";

/** Rows that a browser lays out at once. */
const ROWS = 50;

export function Runs({ table, runs }: { readonly table: RunTable; readonly runs: Uint32Array }): JSX.Element {
  const [asked, setAsked] = useState({ runs, rows: ROWS });
  const rows = asked.runs === runs ? asked.rows : ROWS;
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
          {Array.from(runs.subarray(0, rows), (index) => {
            const run = table.row(index);
            return (
              <tr key={index}>
                <th scope="row">
                  <a href={runHref(run, table)}>{run.id}</a>
                  <div class="quiet">{run.scenario.name}</div>
                </th>
                <td>
                  <Badge verdict={run.verdict} />
                </td>
                <td>{run.scenario.target ?? run.scenario.world}</td>
                <td class="number">{run.seed}</td>
                <td class="number">{run.events === 0 ? "–" : count(run.events)}</td>
                <td class="number">{run.virtualMs === 0 ? "–" : duration(run.virtualMs * 1e6)}</td>
                <td>
                  <code>{run.historyHash}</code>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {runs.length > rows && (
        <p>
          <button type="button" onClick={() => setAsked({ runs, rows: rows + ROWS })}>
            {counted(Math.min(ROWS, runs.length - rows), "run")} more
          </button>{" "}
          <span class="quiet">of {count(runs.length)}</span>
        </p>
      )}
    </section>
  );
}
