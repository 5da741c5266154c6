import type { Topology } from "../plan/topology.ts";
import type { PendingView } from "../target/target.ts";
import type { RunWorld } from "../world/run-world.ts";
import { Growing } from "./growing.ts";
import { CELL_STATES, type CellColumns, type CellState, type VolumeMap } from "./recording.ts";

/** More cells than that would not be seen; a cell of a larger volume stands for several tracks. */
const CELLS_MAX = 1024;
/** Changes kept: 8 bytes each. */
const CHANGES_MAX = 4_000_000;

const CODE = Object.fromEntries(CELL_STATES.map((state, code) => [state, code])) as Record<CellState, number>;

/** One volume of a pair. */
interface End {
  readonly map: VolumeMap;
  /** Of the map among all maps. */
  readonly index: number;
  /** By cell: the code of its state. */
  readonly states: Uint8Array;
}

/** A pair; both ends have the same cells. */
interface Followed {
  readonly pair: string;
  readonly ends: readonly [End, End];
  readonly tracks: number;
  readonly tracksPerCell: number;
  /** By cell: 1 if the content of the ends differs. */
  readonly differs: Uint8Array;
  /** By cell: 1 if an end says that it may. */
  readonly known: Uint8Array;
  /** Cells to be compared again. */
  readonly touched: Set<number>;
}

/** How the cells of every mirrored volume stand, followed from change to change. */
export class CellMaps {
  readonly maps: readonly VolumeMap[];
  readonly #world: RunWorld;
  readonly #pairs: readonly Followed[];
  readonly #event = new Growing((length) => new Int32Array(length));
  readonly #map = new Growing((length) => new Uint8Array(length));
  readonly #cell = new Growing((length) => new Uint16Array(length));
  readonly #state = new Growing((length) => new Uint8Array(length));

  constructor(world: RunWorld, topology: Topology) {
    this.#world = world;
    this.#pairs = topology.pairs.map((pair, index) => followed(topology, pair, index * 2));
    this.maps = this.#pairs.flatMap(({ ends }) => ends.map(({ map }) => map));
    for (const { ends, touched } of this.#pairs)
      for (const { map } of ends)
        world.onChange(map.volume, ({ offsetBytes, lengthBytes }) => {
          const cellBytes = map.trackBytes * map.tracksPerCell;
          const end = Math.min(map.cells, Math.ceil((offsetBytes + lengthBytes) / cellBytes));
          for (let cell = Math.floor(offsetBytes / cellBytes); cell < end; cell++) touched.add(cell);
        });
  }

  /** True if no more changes are kept. */
  get isFull(): boolean {
    return this.#event.count >= CHANGES_MAX;
  }

  /**
   * Looks at the maps that may be others since the event before.
   *
   * @param isChanged a system says something else than before, of how many tracks are pending, for instance
   */
  sample(event: number, isChanged: boolean): void {
    if (this.isFull) return;
    for (const pair of this.#pairs) if (isChanged || pair.touched.size > 0) this.#sampleOf(pair, event);
  }

  columns(): CellColumns {
    return {
      count: this.#event.count,
      event: this.#event.toColumn(),
      map: this.#map.toColumn(),
      cell: this.#cell.toColumn(),
      state: this.#state.toColumn(),
    };
  }

  #sampleOf(pair: Followed, event: number): void {
    const { ends, differs, known, touched } = pair;
    for (const cell of touched) differs[cell] = this.#isSame(pair, cell) ? 0 : 1;
    touched.clear();
    known.fill(0);
    for (const { serving } of this.#world.systems) {
      const view = serving?.pending(pair.pair);
      if (view !== undefined) mark(pair, view, known);
    }
    for (const { map, index, states } of ends) {
      const left = this.#leftOf(pair, map);
      for (let cell = 0; cell < map.cells; cell++) {
        const state = left?.[cell] === 1 ? CODE.invalid : codeOf(differs[cell] === 1, known[cell] === 1);
        if (states[cell] === state) continue;
        states[cell] = state;
        this.#event.push(event);
        this.#map.push(index);
        this.#cell.push(cell);
        this.#state.push(state);
      }
    }
  }

  /** By cell: 1 if the volume is still to be brought something there; `undefined` if nothing runs. */
  #leftOf(pair: Followed, { volume, system, cells }: VolumeMap): Uint8Array | undefined {
    let left: Uint8Array | undefined;
    for (const restore of this.#world.system(system).serving?.restores() ?? []) {
      if (restore.volume !== volume) continue;
      left ??= new Uint8Array(cells);
      mark(pair, restore.left, left);
    }
    return left;
  }

  #isSame({ ends: [one, other] }: Followed, cell: number): boolean {
    const { trackBytes, tracksPerCell, sizeBytes } = one.map;
    const offsetBytes = cell * trackBytes * tracksPerCell;
    const lengthBytes = Math.min(trackBytes * tracksPerCell, sizeBytes - offsetBytes);
    return isSame(
      this.#world.view(one.map.volume).peek(offsetBytes, lengthBytes),
      this.#world.view(other.map.volume).peek(offsetBytes, lengthBytes),
    );
  }
}

function followed({ systems }: Topology, pair: Topology["pairs"][number], firstIndex: number): Followed {
  const endOf = (volume: string, index: number): End => {
    const system = systems.find(({ volumes }) => volumes.some(({ name }) => name === volume));
    const found = system?.volumes.find(({ name }) => name === volume);
    if (system === undefined || found === undefined) throw new Error(`pair ${pair.name}: no volume ${volume}`);
    const { sizeBytes, trackBytes } = found;
    const tracksPerCell = Math.ceil(Math.ceil(sizeBytes / trackBytes) / CELLS_MAX);
    const cells = Math.ceil(sizeBytes / trackBytes / tracksPerCell);
    const map = { pair: pair.name, system: system.name, volume, sizeBytes, trackBytes, cells, tracksPerCell };
    return { map, index, states: new Uint8Array(cells) };
  };
  const one = endOf(pair.primary, firstIndex);
  const { cells, tracksPerCell, sizeBytes, trackBytes } = one.map;
  return {
    pair: pair.name,
    ends: [one, endOf(pair.secondary, firstIndex + 1)],
    tracks: Math.ceil(sizeBytes / trackBytes),
    tracksPerCell,
    differs: new Uint8Array(cells),
    known: new Uint8Array(cells),
    touched: new Set(),
  };
}

/** Sets the cells of which a view has a track. */
function mark({ tracks, tracksPerCell }: Followed, view: Pick<PendingView, "has">, cells: Uint8Array): void {
  for (let track = 0; track < tracks; track++) if (view.has(track)) cells[Math.floor(track / tracksPerCell)] = 1;
}

function codeOf(differs: boolean, known: boolean): number {
  if (known) return differs ? CODE.differs : CODE.pending;
  return differs ? CODE.unknown : CODE.same;
}

/** Whole sectors; four bytes at a time, where they lie so. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteOffset % 4 !== 0 || other.byteOffset % 4 !== 0) return one.every((byte, at) => byte === other[at]);
  const mine = new Uint32Array(one.buffer, one.byteOffset, one.length / 4);
  const theirs = new Uint32Array(other.buffer, other.byteOffset, other.length / 4);
  for (let at = 0; at < mine.length; at++) if (mine[at] !== theirs[at]) return false;
  return true;
}
