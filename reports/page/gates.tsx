import type { JSX } from "preact";
import type { Gate } from "./page-data.ts";
import { Badge } from "./badge.tsx";

/** Every rule, what was measured, and its limit: those that were kept, too. */
export function Gates({ gates }: { readonly gates: readonly Gate[] }): JSX.Element {
  return (
    <section id="verdict" aria-labelledby="verdict-title">
      <h2 id="verdict-title">Verdict</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Measured</th>
            <th scope="col">Limit</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {gates.map(({ rule, measured, limit, verdict }) => (
            <tr key={rule}>
              <th scope="row">{rule}</th>
              <td>{measured}</td>
              <td class="limit">{limit}</td>
              <td>
                <Badge verdict={verdict} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
