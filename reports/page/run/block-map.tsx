import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { CELL_STATES, type Recording, type VolumeMap } from "../../../harness/replay/recording.ts";
import { bytes, count } from "../numbers.ts";

const WORDS: Readonly<Record<(typeof CELL_STATES)[number], string>> = {
  same: "same",
  pending: "pending, same",
  differs: "pending, differs",
  unknown: "differs, unknown",
  invalid: "to be brought",
};
const CELL = 9;

/** Every track of every mirrored volume, at one event. */
export function BlockMaps(props: {
  readonly recording: Recording;
  readonly cells: readonly Uint8Array[];
}): JSX.Element {
  const { maps } = props.recording;
  return (
    <section class="card" aria-labelledby="maps-title">
      <h2 id="maps-title">Volumes</h2>
      <p class="legend">
        {CELL_STATES.map((state) => (
          <span key={state}>
            <i class={`swatch ${state}`} /> {WORDS[state]}
          </span>
        ))}
      </p>
      <div class="maps">
        {maps.map((map, index) => (
          <BlockMap key={`${map.pair} ${map.volume}`} map={map} states={props.cells[index] ?? new Uint8Array()} />
        ))}
      </div>
    </section>
  );
}

function BlockMap({ map, states }: { readonly map: VolumeMap; readonly states: Uint8Array }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const columns = Math.min(map.cells, map.cells <= 64 ? 16 : 32);
  const rows = Math.ceil(map.cells / columns);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d") ?? null;
    if (element === null || context === null) return;
    const style = getComputedStyle(element);
    const colours = CELL_STATES.map((state) => style.getPropertyValue(`--cell-${state}`));
    context.clearRect(0, 0, columns * CELL, rows * CELL);
    for (let cell = 0; cell < map.cells; cell++) {
      context.fillStyle = colours[states[cell] ?? 0] ?? "";
      context.fillRect((cell % columns) * CELL, Math.floor(cell / columns) * CELL, CELL - 1, CELL - 1);
    }
  }, [map, states, columns, rows]);
  const numbers = CELL_STATES.map(
    (state, code) => [WORDS[state], states.filter((own) => own === code).length] as const,
  );
  const told = numbers.filter(([, own]) => own > 0).map(([word, own]) => `${count(own)} ${word}`);
  const one = map.tracksPerCell === 1 ? "one track" : `${map.tracksPerCell} tracks`;
  return (
    <figure>
      <figcaption>
        <strong>
          {map.system}/{map.volume}
        </strong>{" "}
        <span class="quiet">
          {map.pair}, {bytes(map.sizeBytes)}; a square is {one} of {bytes(map.trackBytes)}
        </span>
      </figcaption>
      <canvas ref={canvas} width={columns * CELL} height={rows * CELL} role="img" aria-label={told.join(", ")} />
      <p class="quiet">{told.join(", ")}</p>
    </figure>
  );
}
