import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Recording } from "../../../harness/replay/recording.ts";
import { duration } from "../numbers.ts";
import type { Axis } from "./axis.ts";
import type { Moments } from "./moment.ts";
import { type Row, type Scene, systemOf } from "./scene.ts";
import { statusSpans } from "./status.ts";

interface LanesProps {
  readonly recording: Recording;
  readonly moments: Moments;
  readonly scene: Scene;
  readonly axis: Axis;
  readonly cursor: number;
  readonly onPick: (event: number) => void;
}

/** Beyond that a picture of every frame would be a grey area. */
const EVENTS_SHOWN_MAX = 4000;

/** Hosts, systems and disks over virtual time, every frame an arrow, faults as bands. */
export function Lanes({ recording, moments, scene, axis, cursor, onPick }: LanesProps): JSX.Element {
  const { from, to, width } = axis;
  const drawn = useMemo(() => <Events recording={recording} scene={scene} axis={axis} />, [recording, scene, axis]);
  const bars = useMemo(() => <Statuses moments={moments} scene={scene} axis={axis} />, [moments, scene, axis]);
  const x = axis.x(cursor);
  return (
    <svg
      class="lanes"
      viewBox={`0 0 ${width} ${scene.height}`}
      width={width}
      height={scene.height}
      role="img"
      aria-label={`Events ${from} to ${to} of ${recording.events.count}`}
      onClick={(event) => onPick(axis.eventAt(event.offsetX))}
    >
      <defs>
        <marker id="head" viewBox="0 0 8 8" refX={7} refY={4} markerWidth={6} markerHeight={6} orient="auto">
          <path d="M0 0 8 4 0 8z" class="head" />
        </marker>
      </defs>
      <Bands recording={recording} scene={scene} axis={axis} />
      {bars}
      {drawn}
      <line class="cursor" x1={x} x2={x} y1={0} y2={scene.height} />
      {scene.rows.map((row) => (
        <text key={row.label} class="lane-label" x={4} y={row.y + row.height / 2 + 4}>
          {row.label}
        </text>
      ))}
    </svg>
  );
}

function Bands({ recording, scene, axis }: Pick<LanesProps, "recording" | "scene" | "axis">): JSX.Element {
  return (
    <g>
      {recording.bands.map((band) => {
        const place = scene.places.get(band.on);
        const left = axis.xOfTime(band.fromNs);
        const right = Math.max(axis.xOfTime(band.toNs), left + 3);
        if (place === undefined || right < 0 || left > axis.width) return null;
        const begin = Math.max(0, left);
        return (
          <g key={`${band.kind} ${band.on} ${band.fromNs}`} class="band">
            <title>{`${band.kind} on ${band.on}, ${duration(band.fromNs)} to ${duration(band.toNs)}`}</title>
            <rect
              x={begin}
              y={place.top}
              width={Math.min(axis.width, right) - begin}
              height={place.bottom - place.top}
            />
            <text x={begin + 3} y={place.top + 11}>
              {band.kind}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Statuses({ moments, scene, axis }: Pick<LanesProps, "moments" | "scene" | "axis">): JSX.Element {
  return (
    <g>
      {scene.rows
        .filter(({ kind }) => kind === "system")
        .flatMap((row) =>
          statusSpans(moments.entries(row.system), axis.from, axis.to).map(({ from, to, status }) => {
            const left = axis.x(from);
            const wide = axis.x(to) - left;
            return (
              <g key={`${row.system} ${from}`}>
                <rect
                  class={`status ${status.toLowerCase()}`}
                  x={left}
                  y={row.y}
                  width={wide}
                  height={row.height}
                  rx={3}
                >
                  <title>{`${row.system}: ${status}`}</title>
                </rect>
                {wide > 60 && (
                  <text class="status-label" x={Math.max(left, 0) + 60} y={row.y + row.height / 2 + 4}>
                    {status}
                  </text>
                )}
              </g>
            );
          }),
        )}
    </g>
  );
}

function Events({ recording, scene, axis }: Pick<LanesProps, "recording" | "scene" | "axis">): JSX.Element {
  const { events, kinds, actors } = recording;
  const { from, to } = axis;
  if (to - from > EVENTS_SHOWN_MAX)
    return (
      <text class="lane-note" x={axis.width / 2} y={12}>
        {`${to - from} events: come nearer to see each`}
      </text>
    );
  const rows = new Map(scene.rows.map((row) => [`${row.system} ${row.kind}`, row]));
  const marks: JSX.Element[] = [];
  for (let event = from; event <= to; event++) {
    const kind = kinds[events.kind[event] as number]?.name ?? "";
    const actor = actors[events.actor[event] as number] ?? "";
    const system = systemOf(actor, scene.blocks);
    if (kind === "net.deliver" && system !== undefined) {
      const sent = events.cause[event] as number;
      const sender = systemOf(actors[events.actor[sent] as number] ?? "", scene.blocks);
      const way = sender === undefined || sender === system ? undefined : wayBetween(scene, sender, system);
      if (way !== undefined && sent >= 0)
        marks.push(
          <line
            key={event}
            class="frame"
            marker-end="url(#head)"
            x1={axis.x(sent)}
            y1={way[0]}
            x2={axis.x(event)}
            y2={way[1]}
          >
            <title>{`#${event} frame from ${sender} to ${system}`}</title>
          </line>,
        );
      continue;
    }
    const row = system === undefined ? undefined : rows.get(`${system} ${rowOf(kind)}`);
    if (row === undefined) continue;
    marks.push(<Tick key={event} row={row} x={axis.x(event)} kind={kind} event={event} />);
  }
  return <g>{marks}</g>;
}

function rowOf(kind: string): Row["kind"] {
  if (kind.startsWith("host.")) return "hosts";
  return kind.startsWith("disk.") ? "disks" : "system";
}

function Tick(props: {
  readonly row: Row;
  readonly x: number;
  readonly kind: string;
  readonly event: number;
}): JSX.Element {
  const { row, x, kind, event } = props;
  const name = kind.replace(/^step /u, "");
  const kin = kind.startsWith("step ") ? "step" : (kind.split(".")[1] ?? kind);
  return (
    <line class={`tick ${kin}`} x1={x} x2={x} y1={row.y + 2} y2={row.y + row.height - 2}>
      <title>{`#${event} ${name}`}</title>
    </line>
  );
}

function wayBetween(scene: Scene, sender: string, receiver: string): readonly [number, number] | undefined {
  const one = scene.blocks.get(sender);
  const other = scene.blocks.get(receiver);
  if (one === undefined || other === undefined) return undefined;
  return one.top < other.top ? [one.bottom, other.top] : [one.top, other.bottom];
}
