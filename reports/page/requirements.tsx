import type { JSX } from "preact";
import type { RunRecord } from "../../harness/history/run-record.ts";
import { mergeVerdicts } from "../../harness/history/verdict.ts";
import type { PageRequirement } from "../../harness/history/page-input.ts";
import { Badge } from "./badge.tsx";
import { runHref } from "./route.ts";

/** What must work, and the runs that show it. */
export function Requirements(props: {
  readonly requirements: readonly PageRequirement[];
  readonly runs: readonly RunRecord[];
}): JSX.Element {
  return (
    <section id="requirements" aria-labelledby="requirements-title">
      <h2 id="requirements-title">Requirements</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Requirement</th>
            <th scope="col">Verdict</th>
            <th scope="col">Runs</th>
          </tr>
        </thead>
        <tbody>
          {props.requirements.map(({ id, title, elsewhere }) => {
            const own = props.runs.filter(({ requirements }) => requirements.includes(id));
            return (
              <tr key={id}>
                <th scope="row">
                  <strong>{id}</strong> {title}
                </th>
                <td>{own.length > 0 && <Badge verdict={mergeVerdicts(own.map(({ verdict }) => verdict))} />}</td>
                <td>
                  {own.length === 0 ? (
                    <span class="quiet">{elsewhere === "" ? "no run here exercises it" : elsewhere}</span>
                  ) : (
                    <details>
                      <summary>{own.length}</summary>
                      <ul>
                        {own.map((run) => (
                          <li key={run.id}>
                            <a href={runHref(run.id)}>{run.id}</a>
                          </li>
                        ))}
                      </ul>
                    </details>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
