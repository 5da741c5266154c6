import type { JSX } from "preact";
import { PHASES } from "../../harness/history/mirror-state.ts";
import { count } from "./numbers.ts";
import type { StruckRow } from "./page-data.ts";

/** What mirrors were like when faults struck: whether they struck only what works, or also what had not recovered yet. */
export function StruckStates({ rows }: { readonly rows: readonly StruckRow[] }): JSX.Element | null {
  if (rows.length === 0) return null;
  const states = PHASES.flatMap((phase) => phase.states);
  const most = Math.max(...rows.flatMap(({ struck }) => Object.values(struck).map(([, effective]) => effective)));
  return (
    <>
      <h3 id="struck-title">By what the mirrors were like</h3>
      <p class="quiet">
        Injections that had an effect, of those that struck. Safety: the mirror was whole, or not made yet. Heal: it had
        been in sync, and was apart or copied again. Of several mirrors the one counts that was furthest from being in
        sync.
      </p>
      <table class="heat states" aria-labelledby="struck-title">
        <thead>
          <tr>
            <th scope="col" rowSpan={2}>
              Fault
            </th>
            {PHASES.map(({ phase, states: of }) => (
              <th key={phase} scope="colgroup" colSpan={of.length}>
                {phase}
              </th>
            ))}
          </tr>
          <tr>
            {states.map((state) => (
              <th key={state} scope="col">
                {state}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ kind, struck }) => (
            <tr key={kind}>
              <th scope="row">{kind}</th>
              {states.map((state) => {
                const [injected, effective] = struck[state] ?? [0, 0];
                if (injected === 0) return <td key={state} />;
                return (
                  <td key={state} class={`cell ${levelOf(effective, most)}`}>
                    {count(effective)}/{count(injected)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Few is what a person counts, or of large numbers a small part of the largest. */
export function levelOf(effective: number, most: number): string {
  if (effective === 0) return "vacuous";
  const [some, more] = most < 100 ? [3, 10] : [most / 100, most / 10];
  return effective < some ? "some" : effective < more ? "more" : "many";
}
