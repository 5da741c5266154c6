import type { JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Recording } from "../../../harness/replay/recording.ts";
import type { Replayed } from "../../../harness/replay/replay-messages.ts";
import { duration } from "../numbers.ts";
import { Axis, type AxisMode } from "./axis.ts";
import { BlockMaps } from "./block-map.tsx";
import { describe, EventList } from "./events.tsx";
import { Lanes } from "./lanes.tsx";
import { Moments } from "./moment.ts";
import { Overview } from "./overview.tsx";
import { layOut } from "./scene.ts";
import { Tables } from "./tables.tsx";

const SPANS = [60, 200, 600, 2000, Number.POSITIVE_INFINITY] as const;
const PLAY_EVERY_MS = 60;

/** The run at one event, and the way to any other. */
export function RunView({ recording, topology }: Replayed): JSX.Element {
  const last = recording.events.count - 1;
  const [cursor, setCursor] = useState(() => firstLook(recording));
  const [zoom, setZoom] = useState(1);
  const [mode, setMode] = useState<AxisMode>("time");
  const [isPlaying, setPlaying] = useState(false);
  const [place, width] = useWidth();
  const moments = useMemo(() => new Moments(recording), [recording]);
  const scene = useMemo(() => layOut(topology, recording), [topology, recording]);
  const go = (event: number): void => setCursor(Math.min(last, Math.max(0, event)));
  // From where it is then: keys come faster than pictures.
  const step = (events: number): void => setCursor((now) => Math.min(last, Math.max(0, now + events)));

  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setInterval(() => step(1), PLAY_EVERY_MS);
    return () => clearInterval(timer);
  }, [isPlaying, last]);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.target instanceof HTMLInputElement || event.metaKey || event.ctrlKey || event.altKey) return;
      const far = event.shiftKey ? 10 : 1;
      if (event.key === "ArrowRight") step(far);
      else if (event.key === "ArrowLeft") step(-far);
      else if (event.key === "Home") go(0);
      else if (event.key === "End") go(last);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });

  const span = Math.min(SPANS[zoom] ?? last, last);
  const from = Math.max(0, Math.min(cursor - Math.floor(span / 2), last - span));
  const to = Math.min(last, from + span);
  const axis = useMemo(() => new Axis(recording.events, mode, from, to, width), [recording, mode, from, to, width]);
  const cells = useMemo(() => moments.cellsAt(cursor), [moments, cursor]);
  const now = describe(recording, cursor);
  return (
    <>
      <section class="card timeline" aria-labelledby="timeline-title">
        <h2 id="timeline-title">Timeline</h2>
        {recording.cutShort !== "" && <p role="status">{recording.cutShort}</p>}
        <div class="controls">
          <button type="button" onClick={() => go(0)} aria-label="first event">
            |◀
          </button>
          <button type="button" onClick={() => step(-1)} aria-label="event before">
            ◀
          </button>
          <button type="button" aria-pressed={isPlaying} onClick={() => setPlaying(!isPlaying)}>
            {isPlaying ? "pause" : "play"}
          </button>
          <button type="button" onClick={() => step(1)} aria-label="event after">
            ▶
          </button>
          <button type="button" onClick={() => go(last)} aria-label="last event">
            ▶|
          </button>
          <input
            type="range"
            min={0}
            max={last}
            value={cursor}
            aria-label="Event"
            aria-valuetext={`event ${cursor} of ${last}, ${now.time}`}
            onInput={(event) => go(event.currentTarget.valueAsNumber)}
          />
          <output>
            #{cursor} of {last} · {now.time}
          </output>
          <label>
            along{" "}
            <select value={mode} onChange={(event) => setMode(event.currentTarget.value as AxisMode)}>
              <option value="time">time</option>
              <option value="events">events</option>
            </select>
          </label>
          <label>
            shown{" "}
            <select value={zoom} onChange={(event) => setZoom(Number(event.currentTarget.value))}>
              {SPANS.map((many, index) => (
                <option key={many} value={index}>
                  {Number.isFinite(many) ? `${many} events` : "all"}
                </option>
              ))}
            </select>
          </label>
        </div>
        <p class="now">
          <strong>{now.name}</strong> {now.actor} <span class="quiet">{now.detail}</span>
        </p>
        <div ref={place}>
          <Overview
            recording={recording}
            moments={moments}
            mode={mode}
            width={width}
            from={from}
            to={to}
            cursor={cursor}
            onPick={go}
          />
          <Lanes recording={recording} moments={moments} scene={scene} axis={axis} cursor={cursor} onPick={go} />
        </div>
        <p class="legend">
          {["SIMPLEX", "COPY", "DUPLEX", "SPLIT", "paused", "down"].map((status) => (
            <span key={status}>
              <i class={`swatch status ${status.toLowerCase()}`} /> {status}
            </span>
          ))}
          <span class="quiet">
            shown: {duration(recording.events.timeNs[from] ?? 0)} to {duration(recording.events.timeNs[to] ?? 0)}; arrow
            keys step, with Shift by ten
          </span>
        </p>
      </section>
      <div class="columns">
        <BlockMaps recording={recording} cells={cells} />
        <EventList recording={recording} cursor={cursor} onPick={go} />
      </div>
      <Tables moments={moments} event={cursor} />
    </>
  );
}

/** Where the eye begins: at the first failure, else at the first fault. */
function firstLook({ events, failures, bands }: Recording): number {
  const timeNs = failures[0]?.timeNs ?? bands[0]?.fromNs ?? 0;
  const event = events.timeNs.findIndex((time) => time >= timeNs);
  return Math.max(0, event);
}

/** The width that a picture has. */
function useWidth(): [place: RefObject<HTMLDivElement | null>, width: number] {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1000);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(320, Math.floor(entry.contentRect.width)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [place, width];
}
