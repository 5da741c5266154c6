import type { JSX } from "preact";
import type { EvidenceFile, PageInput } from "../../harness/history/page-input.ts";
import { bytes } from "./numbers.ts";

export function Environment({ environment }: Pick<PageInput, "environment">): JSX.Element {
  return (
    <section id="environment" aria-labelledby="environment-title">
      <h2 id="environment-title">Environment</h2>
      <dl>
        {environment.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Whoever has the files can see that they are these. */
export function Evidence({ evidence }: { readonly evidence: readonly EvidenceFile[] }): JSX.Element {
  return (
    <section id="evidence" aria-labelledby="evidence-title">
      <h2 id="evidence-title">Evidence</h2>
      <details>
        <summary>{evidence.length} files, with their SHA-256</summary>
        <div class="wide" tabIndex={0} role="region" aria-label="Files">
          <table class="evidence">
            <tbody>
              {evidence.map(({ path, sizeBytes, sha256 }) => (
                <tr key={path}>
                  <th scope="row">{path}</th>
                  <td class="number">{bytes(sizeBytes)}</td>
                  <td>
                    <code>{sha256}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}
