import type { JSX } from "preact";
import type { Moments } from "./moment.ts";

/** What each system says of itself at one event. */
export function Tables({ moments, event }: { readonly moments: Moments; readonly event: number }): JSX.Element {
  return (
    <section class="card" aria-labelledby="tables-title">
      <h2 id="tables-title">Systems</h2>
      {moments.systems.map((system) => (
        <SystemTables key={system} system={system} moments={moments} event={event} />
      ))}
    </section>
  );
}

function SystemTables(props: {
  readonly system: string;
  readonly moments: Moments;
  readonly event: number;
}): JSX.Element {
  const entry = props.moments.entryAt(props.system, props.event);
  const { pairs = [], journals = [], images = [], restores = [] } = entry?.report ?? {};
  return (
    <div class="system">
      <h3>
        {props.system} <span class="quiet">{entry?.state ?? "not started"}</span>
      </h3>
      <Table
        system={props.system}
        caption="Copy management"
        head={["pair", "volume", "role", "status", "why", "consistent", "link", "pending", "generation"]}
        rows={pairs.map((pair) => [
          pair.pair,
          pair.volume,
          pair.role,
          pair.status,
          pair.suspension,
          pair.consistent ? "yes" : "no",
          pair.connected ? "up" : "down",
          pair.progress === undefined
            ? String(pair.pendingTracks)
            : `${pair.pendingTracks}, ${pair.progress.done} of ${pair.progress.total} copied`,
          pair.generation,
        ])}
      />
      <Table
        system={props.system}
        caption="Journals"
        head={["volume", "on", "state", "oldest", "newest"]}
        rows={journals.map((journal) => [
          journal.volume,
          journal.disk,
          journal.state,
          String(journal.oldestLsn),
          String(journal.newestLsn),
        ])}
      />
      <Table
        system={props.system}
        caption="Images"
        head={["volume", "method", "state", "moment"]}
        rows={images.map((image) => [image.volume, image.method, image.state, String(image.moment)])}
      />
      <Table
        system={props.system}
        caption="Restores"
        head={["volume", "from", "tracks"]}
        rows={restores.map((row) => [row.volume, row.from, `${row.doneTracks} of ${row.totalTracks}`])}
      />
    </div>
  );
}

function Table(props: {
  readonly system: string;
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}): JSX.Element | null {
  if (props.rows.length === 0) return null;
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={`${props.caption} of ${props.system}`}>
      <table class="state">
        <caption>{props.caption}</caption>
        <thead>
          <tr>
            {props.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={row.join(" ")}>
              {row.map((value, index) => (
                <td key={props.head[index]} class={`is-${value.toLowerCase()}`}>
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
