import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { idHref } from "./route.ts";
import type { StruckRow } from "./page-data.ts";
import type { FaultCell, RunTable } from "./run-table.ts";
import { levelOf, StruckStates } from "./struck.tsx";

interface HeatRow {
  readonly name: string;
  /** A scenario, which has a page if it was run once; no folder, and no kind of random plans. */
  readonly isScenario: boolean;
  readonly runs: number;
  readonly cells: readonly (FaultCell | undefined)[];
}

/** Rows that a browser lays out at once. Of more scenarios, those of a folder are one row. */
const ROWS_MAX = 200;

/** By scenario, or random plans of one shape; what had no faults is left out. */
function rowsOf(table: RunTable): HeatRow[] {
  const names = table.scenarios.map(({ id, name, isRandom }) => (isRandom ? name : id));
  const isMany = new Set(names).size > ROWS_MAX;
  const isScenario = !isMany && !table.scenarios.some(({ isRandom }) => isRandom);
  const keys = isMany ? names.map((name) => name.split("/", 1)[0] ?? name) : names;
  const rows = new Map<string, HeatRow & { runs: number; cells: (FaultCell | undefined)[] }>();
  for (let run = 0; run < table.count; run++) {
    const name = keys[table.columns.scenario[run] ?? 0] ?? "";
    const row = rows.get(name) ?? { name, isScenario, runs: 0, cells: [] };
    row.runs++;
    table.faultsOf(run, row.cells);
    rows.set(name, row);
  }
  return [...rows.values()].filter(({ cells }) => cells.length > 0);
}

/** Which fault struck in which scenario, and how often that was seen to have an effect. */
export function HeatMap({
  table,
  struck,
}: {
  readonly table: RunTable;
  readonly struck: readonly StruckRow[];
}): JSX.Element {
  const rows = useMemo(() => rowsOf(table), [table]);
  const kinds = table.kinds
    .map((kind, at) => ({ kind, at }))
    .filter(({ at }) => rows.some(({ cells }) => cells[at] !== undefined))
    .toSorted((one, other) => (one.kind < other.kind ? -1 : 1));
  const most = Math.max(...rows.flatMap(({ cells }) => cells.map((cell) => cell?.effective ?? 0)));
  return (
    <section id="faults" aria-labelledby="faults-title">
      <h2 id="faults-title">Faults</h2>
      <p class="quiet">
        A number is how many injections were seen to have an effect; <span class="cell vacuous">0/2</span> is two that
        had none, so what they were for was not tested; <span class="cell vacuous">0/0</span> was planned and never
        struck.
      </p>
      {kinds.length === 0 ? (
        <p class="quiet">No fault was injected in these runs.</p>
      ) : (
        <div class="wide" tabIndex={0} role="region" aria-label="Faults by scenario">
          <table class="heat">
            <thead>
              <tr>
                <th scope="col">Scenario</th>
                {kinds.map(({ kind }) => (
                  <th key={kind} scope="col" class="kind">
                    <span>{kind}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, isScenario, cells }) => (
                <tr key={name}>
                  <th scope="row">{isScenario ? <a href={idHref(name)}>{name}</a> : name}</th>
                  {kinds.map(({ kind, at }) => (
                    <HeatCell key={kind} cell={cells[at]} kind={kind} most={most} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <StruckStates rows={struck} />
    </section>
  );
}

function HeatCell(props: {
  readonly cell: FaultCell | undefined;
  readonly kind: string;
  readonly most: number;
}): JSX.Element {
  const { cell, kind, most } = props;
  if (cell === undefined) return <td />;
  const { injected, effective } = cell;
  const title = `${kind}: ${effective} of ${injected} had an effect`;
  return (
    <td class={`cell ${levelOf(effective, most)}`} title={title}>
      {effective === injected && injected > 0 ? compact(effective) : `${compact(effective)}/${compact(injected)}`}
    </td>
  );
}

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function compact(value: number): string {
  return value < 10_000 ? String(value) : COMPACT.format(value);
}
