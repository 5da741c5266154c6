import type { JSX } from "preact";
import type { RunRecord } from "../../harness/history/run-record.ts";
import { runHref } from "./route.ts";

interface Cell {
  readonly injected: number;
  readonly effective: number;
}

function cellOf({ faults }: RunRecord, kind: string): Cell | undefined {
  const own = faults.filter((fault) => fault.kind === kind);
  if (own.length === 0) return undefined;
  const sum = (of: "injected" | "effective"): number => own.reduce((total, fault) => total + fault[of], 0);
  return { injected: sum("injected"), effective: sum("effective") };
}

/** Which fault struck in which scenario, and how often that was seen to have an effect. */
export function HeatMap({ runs }: { readonly runs: readonly RunRecord[] }): JSX.Element {
  const kinds = [...new Set(runs.flatMap(({ faults }) => faults.map(({ kind }) => kind)))].toSorted();
  const shown = runs.filter(({ faults }) => faults.length > 0);
  return (
    <section id="faults" aria-labelledby="faults-title">
      <h2 id="faults-title">Faults</h2>
      <p class="quiet">
        A number is how many injections were seen to have an effect; <span class="cell vacuous">0/2</span> is two that
        had none, so what they were for was not tested.
      </p>
      {kinds.length === 0 ? (
        <p class="quiet">No fault was injected in these runs.</p>
      ) : (
        <div class="wide" tabIndex={0} role="region" aria-label="Faults by scenario">
          <table class="heat">
            <thead>
              <tr>
                <th scope="col">Scenario</th>
                {kinds.map((kind) => (
                  <th key={kind} scope="col" class="kind">
                    <span>{kind}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((run) => (
                <tr key={run.id}>
                  <th scope="row">
                    <a href={runHref(run.id)}>{run.id}</a>
                  </th>
                  {kinds.map((kind) => (
                    <HeatCell key={kind} cell={cellOf(run, kind)} kind={kind} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function HeatCell({ cell, kind }: { readonly cell: Cell | undefined; readonly kind: string }): JSX.Element {
  if (cell === undefined) return <td />;
  const { injected, effective } = cell;
  const level = effective === 0 ? "vacuous" : effective < 3 ? "some" : effective < 10 ? "more" : "many";
  const text = effective === injected ? String(effective) : `${effective}/${injected}`;
  return (
    <td class={`cell ${level}`} title={`${kind}: ${effective} of ${injected} had an effect`}>
      {text}
    </td>
  );
}
