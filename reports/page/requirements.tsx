import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { PageRequirement } from "../../harness/history/page-input.ts";
import type { Verdict } from "../../harness/history/run-record.ts";
import { mergeVerdicts } from "../../harness/history/verdict.ts";
import { Badge } from "./badge.tsx";
import { counted } from "./numbers.ts";
import { idHref } from "./route.ts";
import type { PageScenario } from "./run-columns.ts";
import type { RunTable } from "./run-table.ts";

interface Exercise {
  readonly scenario: PageScenario;
  readonly runs: number;
  readonly verdict: Verdict;
}

/** What became of all runs of each scenario. */
function exercisesOf(table: RunTable): Exercise[] {
  const runsOf = table.scenarios.map((): number[] => []);
  for (let run = 0; run < table.count; run++) runsOf[table.columns.scenario[run] ?? 0]?.push(run);
  return table.scenarios.map((scenario, at) => {
    const runs = runsOf[at] ?? [];
    return { scenario, runs: runs.length, verdict: mergeVerdicts(table.verdictsOf(runs).keys()) };
  });
}

/** What must work, and the runs that show it. */
export function Requirements(props: {
  readonly requirements: readonly PageRequirement[];
  readonly table: RunTable;
}): JSX.Element {
  const exercises = useMemo(() => exercisesOf(props.table), [props.table]);
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
            const own = exercises.filter(({ scenario }) => scenario.requirements.includes(id));
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
                      <summary>{own.reduce((sum, { runs }) => sum + runs, 0)}</summary>
                      <ul>
                        {own.map(({ scenario, runs }) => (
                          <li key={scenario.id}>
                            <a href={idHref(scenario.id)}>{scenario.id}</a>
                            {runs > 1 && <span class="quiet"> {counted(runs, "run")}</span>}
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
