import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Replayed } from "../../../harness/replay/replay-messages.ts";
import type { PageData } from "../page-data.ts";
import type { RunRow } from "../run-table.ts";
import { Badge } from "../badge.tsx";
import { embeddedPlans } from "../embedded.ts";
import { count, counted, duration } from "../numbers.ts";
import { replay } from "./replay-client.ts";
import { RunView } from "./run-view.tsx";

type Attempt =
  | { readonly kind: "running" }
  | { readonly kind: "impossible"; readonly why: string }
  | ({ readonly kind: "done" } & Replayed);

/** One run, run again here, so that it can be looked at event by event. */
export function RunPage({ run, data }: { readonly run: RunRow; readonly data: PageData }): JSX.Element {
  const [replayed, setReplayed] = useState<Attempt>({ kind: "running" });
  useEffect(() => {
    let isWanted = true;
    const tell = (next: Attempt): void => {
      if (isWanted) setReplayed(next);
    };
    replayOf(run, data.engine).then(tell, (error: unknown) =>
      tell({ kind: "impossible", why: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      isWanted = false;
    };
    // Not of the objects: a page that is served gets new ones as its campaign goes on.
  }, [run.id, run.seed, run.historyHash, data.engine]);
  return (
    <>
      <header class="masthead">
        <div class="page">
          <p class="brand">
            <a href="#/">resilver</a> / {data.title}
          </p>
          <h1>
            <Badge verdict={run.verdict} /> {run.id}
          </h1>
          <p>{run.scenario.name}</p>
          <p class="quiet">{factsOf(run).join(" · ")}</p>
          <HashLine run={run} replayed={replayed} />
        </div>
      </header>
      <main class="page run">
        <Broken run={run} />
        {replayed.kind === "running" && <p role="status">The run is run again in this browser…</p>}
        {replayed.kind === "impossible" && <p role="status">This run cannot be replayed here: {replayed.why}</p>}
        {replayed.kind === "done" && <RunView recording={replayed.recording} topology={replayed.topology} />}
      </main>
    </>
  );
}

function factsOf({ scenario, seed, events, virtualMs }: RunRow): string[] {
  const { world, target, requirements } = scenario;
  return [
    world === "sim" ? "simulated" : `${target ?? ""} in containers`.trimStart(),
    `seed ${seed}`,
    counted(events, "event"),
    ...(virtualMs === 0 ? [] : [`${duration(virtualMs * 1e6)} of virtual time`]),
    ...(requirements.length === 0 ? [] : [requirements.join(", ")]),
  ];
}

async function replayOf(run: RunRow, digest: string): Promise<Attempt> {
  const { id, seed, variant, scenario, verdict } = run;
  if (scenario.world !== "sim") return { kind: "impossible", why: "it was a run of real containers" };
  if (verdict === "SKIPPED") return { kind: "impossible", why: "it was planned, and not run" };
  if (scenario.isRandom) return doneOf(await replay({ kind: "random", id, seed, variant, digest }));
  const plan = (await embeddedPlans())[id];
  if (plan === undefined)
    return { kind: "impossible", why: "it needs recorded programs or file systems, which a page does not hold" };
  return doneOf(await replay({ kind: "plan", id, seed, digest, plan }));
}

function doneOf({ recording, topology }: Replayed): Attempt {
  return { kind: "done", recording, topology };
}

/** Whether what is shown is what was recorded. */
function HashLine({ run, replayed }: { readonly run: RunRow; readonly replayed: Attempt }): JSX.Element {
  if (replayed.kind !== "done")
    return (
      <p>
        History <code>{run.historyHash}</code>
      </p>
    );
  const { historyHash, wallMs, events } = replayed.recording;
  const isSame = historyHash === run.historyHash;
  return (
    <p class={isSame ? "hash same" : "hash other"} role="status" data-wall-ms={wallMs}>
      {isSame ? "✓ " : "✗ "}
      {isSame
        ? `Run again in this browser, in ${duration(wallMs * 1e6)}: ${count(events.count)} events, the same history `
        : "Run again in this browser, to another history: what is shown is not what was judged. "}
      <code>{historyHash}</code>
      {!isSame && (
        <>
          {" "}
          instead of <code>{run.historyHash}</code>
        </>
      )}
    </p>
  );
}

function Broken({ run }: { readonly run: RunRow }): JSX.Element | null {
  const { failures = [] } = run;
  if (failures.length === 0) return null;
  return (
    <section class="card" aria-labelledby="broken-title">
      <h2 id="broken-title">What was broken</h2>
      <ul>
        {failures.map(({ rule, message, timeNs, blame }) => (
          <li key={`${rule} ${message}`}>
            <strong>{rule}</strong> at {duration(timeNs)}: {message}
            {blame.length > 0 && (
              <div class="wide" tabIndex={0} role="region" aria-label={`Blocks of ${rule}`}>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Volume</th>
                      <th scope="col" class="number">
                        Offset
                      </th>
                      <th scope="col" class="number">
                        Length
                      </th>
                      <th scope="col">Found</th>
                      <th scope="col">Expected</th>
                      <th scope="col">Cause</th>
                    </tr>
                  </thead>
                  <tbody>
                    {blame.map((block) => (
                      <tr key={`${block.volume} ${block.offsetBytes}`}>
                        <td>{block.volume}</td>
                        <td class="number">{block.offsetBytes}</td>
                        <td class="number">{block.lengthBytes}</td>
                        <td>{block.found}</td>
                        <td>{block.expected}</td>
                        <td>{block.cause}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
