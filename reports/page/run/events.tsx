import type { JSX } from "preact";
import type { Recording } from "../../../harness/replay/recording.ts";
import { duration } from "../numbers.ts";

/** Shown before and after the event that one looks at. */
const AROUND = 9;

/** The events around one, as text. */
export function EventList(props: {
  readonly recording: Recording;
  readonly cursor: number;
  readonly onPick: (event: number) => void;
}): JSX.Element {
  const { recording, cursor, onPick } = props;
  const first = Math.max(0, Math.min(cursor - AROUND, recording.events.count - 2 * AROUND - 1));
  const last = Math.min(recording.events.count - 1, first + 2 * AROUND);
  return (
    <section class="card" aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      <ol class="events" start={first}>
        {Array.from({ length: last - first + 1 }, (_, index) => first + index).map((event) => {
          const { time, name, actor, detail, cause } = describe(recording, event);
          return (
            <li key={event} aria-current={event === cursor ? "true" : undefined}>
              <button type="button" onClick={() => onPick(event)}>
                <span class="index">#{event}</span> <span class="time">{time}</span> <strong>{name}</strong>{" "}
                <span class="actor">{actor}</span> <span class="quiet">{detail}</span>
              </button>
              {cause >= 0 && cause !== event - 1 && (
                <button type="button" class="cause" onClick={() => onPick(cause)} title={`because of event ${cause}`}>
                  ↶ #{cause}
                </button>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

interface Described {
  readonly time: string;
  readonly name: string;
  readonly actor: string;
  readonly detail: string;
  readonly cause: number;
}

export function describe({ events, kinds, actors }: Recording, event: number): Described {
  const kind = kinds[events.kind[event] as number];
  const parts: string[] = [];
  const isStep = kind?.name.startsWith("step ") === true;
  if (kind !== undefined && kind.a !== "" && !isStep) parts.push(`${kind.a} ${events.a[event]}`);
  if (kind !== undefined && kind.b !== "" && kind.b !== "content") parts.push(`${kind.b} ${events.b[event]}`);
  return {
    time: duration(events.timeNs[event] as number),
    name: kind?.name.replace(/^step /u, "") ?? "",
    actor: actors[events.actor[event] as number] ?? "",
    detail: parts.join(", "),
    cause: events.cause[event] as number,
  };
}
