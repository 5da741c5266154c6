import type { JSX } from "preact";
import type { RunRecord } from "../../harness/history/run-record.ts";
import { Command } from "./command.tsx";
import { counted, duration } from "./numbers.ts";
import { runHref } from "./route.ts";

interface FailureGroup {
  readonly title: string;
  readonly runs: RunRecord[];
}

/** Failures that have the rule and the words in common, numbers aside. */
function groupsOf(runs: readonly RunRecord[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const run of runs) {
    if (run.verdict === "PASS" || run.verdict === "NOT_APPLICABLE" || run.verdict === "WAIVED") continue;
    const [failure] = run.failures;
    const title = failure === undefined ? `${run.verdict}: no failure was told` : `${failure.rule}: ${failure.message}`;
    const key = title.replace(/\d+/gu, "#");
    const group = groups.get(key) ?? { title, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((one, other) => other.runs.length - one.runs.length);
}

export function Failures(props: { readonly runs: readonly RunRecord[]; readonly calledAs: string }): JSX.Element {
  const groups = groupsOf(props.runs);
  return (
    <section id="failures" aria-labelledby="failures-title">
      <h2 id="failures-title">Failures</h2>
      {groups.length === 0 && (
        <p class="quiet">
          {props.runs.length === 0 ? "Nothing ran." : "None: every run that was planned ran, and nothing was broken."}
        </p>
      )}
      {groups.map(({ title, runs }) => (
        <details key={title} class="failure" open={groups.length < 5}>
          <summary>
            {title} <span class="quiet">in {counted(runs.length, "run")}</span>
          </summary>
          {runs.slice(0, 10).map((run) => (
            <FailedRun key={run.id} run={run} calledAs={props.calledAs} />
          ))}
          {runs.length > 10 && <p class="quiet">and {counted(runs.length - 10, "run")} more</p>}
        </details>
      ))}
    </section>
  );
}

function FailedRun({ run, calledAs }: { readonly run: RunRecord; readonly calledAs: string }): JSX.Element {
  const command = `${calledAs} replay ${run.replay}`;
  return (
    <div class="failed-run">
      <p>
        <a href={runHref(run.id)}>{run.id}</a> <span class="quiet">seed {run.seed}</span>
      </p>
      <ul>
        {run.failures.slice(0, 5).map(({ rule, message, timeNs, blame }) => (
          <li key={`${rule} ${message}`}>
            <strong>{rule}</strong> at {duration(timeNs)}: {message}
            {blame.slice(0, 3).map((block) => (
              <div key={`${block.volume} ${block.offsetBytes}`} class="quiet">
                {block.volume} at {block.offsetBytes}: {block.cause}
              </div>
            ))}
          </li>
        ))}
      </ul>
      {run.replay !== "" && <Command text={command} />}
    </div>
  );
}
