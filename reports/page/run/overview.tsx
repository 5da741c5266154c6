import type { JSX } from "preact";
import type { Recording } from "../../../harness/replay/recording.ts";
import { Axis, type AxisMode } from "./axis.ts";
import type { Moments } from "./moment.ts";
import { statusSpans } from "./status.ts";

const ROW = 10;

/** The whole run in some lines: the statuses of each system, faults, and the part that is shown below. */
export function Overview(props: {
  readonly recording: Recording;
  readonly moments: Moments;
  readonly mode: AxisMode;
  readonly width: number;
  readonly from: number;
  readonly to: number;
  readonly cursor: number;
  readonly onPick: (event: number) => void;
}): JSX.Element {
  const { recording, moments, mode, width, from, to, cursor, onPick } = props;
  const last = recording.events.count - 1;
  const axis = new Axis(recording.events, mode, 0, last, width);
  const height = (moments.systems.length + 1) * ROW;
  const x = axis.x(cursor);
  return (
    <svg
      class="overview"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label="The whole run"
      onClick={(event) => onPick(axis.eventAt(event.offsetX))}
    >
      {moments.systems.flatMap((system, row) =>
        statusSpans(moments.entries(system), 0, last).map((span) => (
          <rect
            key={`${system} ${span.from}`}
            class={`status ${span.status.toLowerCase()}`}
            x={axis.x(span.from)}
            y={row * ROW + 1}
            width={Math.max(1, axis.x(span.to) - axis.x(span.from))}
            height={ROW - 2}
          />
        )),
      )}
      {recording.bands.map((band) => (
        <rect
          key={`${band.kind} ${band.on} ${band.fromNs}`}
          class="fault"
          x={axis.xOfTime(band.fromNs)}
          y={height - ROW + 2}
          width={Math.max(2, axis.xOfTime(band.toNs) - axis.xOfTime(band.fromNs))}
          height={ROW - 4}
        />
      ))}
      <rect class="window" x={axis.x(from)} y={0} width={Math.max(2, axis.x(to) - axis.x(from))} height={height} />
      <line class="cursor" x1={x} x2={x} y1={0} y2={height} />
    </svg>
  );
}
