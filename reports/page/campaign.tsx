import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { PageCampaign, PageCoverage, PageGroup } from "../../harness/history/page-input.ts";
import { Command } from "./command.tsx";
import { count, counted } from "./numbers.ts";
import { idHref } from "./route.ts";
import type { RunTable } from "./run-table.ts";

/** Rows that one sees without asking for more. */
const RAREST = 15;

/** What a hunt found, by what failures have in common. */
export function Groups(props: { readonly groups: readonly PageGroup[]; readonly table: RunTable }): JSX.Element {
  const { groups, table } = props;
  return (
    <section id="failures" aria-labelledby="failures-title">
      <h2 id="failures-title">Failures</h2>
      {groups.length === 0 && <p class="quiet">None.</p>}
      {groups.map(({ fingerprint, count: times, message, run, replay, small }) => (
        <details key={fingerprint} class="failure" open={groups.length < 5}>
          <summary>
            {fingerprint} <span class="quiet">in {counted(times, "run")}</span>
          </summary>
          <p>
            {message}. For example {table.find(run, undefined) === undefined ? run : <a href={idHref(run)}>{run}</a>}
          </p>
          {small !== undefined && (
            <>
              <p>
                Made small: {counted(small.steps, "step")}, {counted(small.faults, "fault")}.
              </p>
              <pre tabIndex={0} aria-label={`Scenario of ${fingerprint}`}>
                {small.source}
              </pre>
            </>
          )}
          <Command text={small?.replay ?? replay} />
        </details>
      ))}
    </section>
  );
}

/** What a hunt did and reached, each with what it is a part of. */
export function Campaign({ campaign }: { readonly campaign: PageCampaign }): JSX.Element {
  const { runCount, derivedCount, wallMs, events, coverage, faults, outcome } = campaign;
  const pace = wallMs === 0 ? "" : `, ${((runCount / wallMs) * 1000).toFixed(1)} runs a second`;
  return (
    <section id="coverage" aria-labelledby="coverage-title">
      <h2 id="coverage-title">Coverage</h2>
      <p>
        {counted(runCount, "run")} of seeds {campaign.seeds}, {count(derivedCount)} of them derived; {campaign.status};{" "}
        {count(events)} events{pace}. Generator {campaign.generator}
        {outcome !== "" && (
          <>
            , outcome <code>{outcome}</code>
          </>
        )}
        .
      </p>
      {coverage === undefined ? (
        <p class="quiet">What was reached is told when a hunt ends.</p>
      ) : (
        <Reached coverage={coverage} runCount={runCount} />
      )}
      <h3>Faults</h3>
      <table class="narrow">
        <thead>
          <tr>
            <th scope="col">Fault</th>
            <th scope="col" class="number">
              Injected
            </th>
            <th scope="col" class="number">
              With effect
            </th>
          </tr>
        </thead>
        <tbody>
          {faults.map(({ kind, injected, effective }) => (
            <tr key={kind}>
              <th scope="row">{kind}</th>
              <td class="number">{count(injected)}</td>
              <td class="number">{count(effective)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface ReachedProps {
  readonly coverage: PageCoverage;
  readonly runCount: number;
}

/** What hardly any run reached says most of how far the hunt came. */
function Reached({ coverage: { goalCount, neverReached, reached }, runCount }: ReachedProps): JSX.Element {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? reached : reached.slice(0, RAREST);
  return (
    <>
      <h3>
        Goals: {goalCount - neverReached.length} of {goalCount}
      </h3>
      {neverReached.length > 0 && (
        <>
          <p class="quiet">Never reached:</p>
          <ul>
            {neverReached.map((goal) => (
              <li key={goal}>{goal}</li>
            ))}
          </ul>
        </>
      )}
      <h3>
        Reached: {count(reached.length)} steps, changes of status, faults in a status, and goals; the rarest first
      </h3>
      <table class="narrow">
        <tbody>
          {shown.map(([name, runs]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">
                {count(runs)} of {count(runCount)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {reached.length > RAREST && (
        <p>
          <button type="button" onClick={() => setAll(!isAll)}>
            {isAll ? "the rarest alone" : `all ${reached.length}`}
          </button>
        </p>
      )}
    </>
  );
}
