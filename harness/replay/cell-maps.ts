import type { PendingView, RestoreReport } from "../target/target.ts";
import type { RunWorld } from "../world/run-world.ts";
import { Growing } from "./growing.ts";
import { CELL_STATES, type CellColumns, type CellState, type VolumeMap } from "./recording.ts";
import type { Topology } from "../plan/topology.ts";

/** More cells than that would not be seen; a cell of a larger volume stands for several tracks. */
const CELLS_MAX = 1024;
/** Changes kept: 8 bytes each. */
const CHANGES_MAX = 4_000_000;

const CODE = Object.fromEntries(CELL_STATES.map((state, code) => [state, code])) as Record<CellState, number>;

/** One volume of a pair, beside the other one. */
interface Followed {
  readonly map: VolumeMap;
  readonly index: number;
  /** The volume that it is compared with, of the same pair. */
  readonly peer: string;
  readonly states: Uint8Array;
  /** Cells whose content differs from the peer's. */
  readonly differs: Uint8Array;
  /** Cells to be compared again. */
  readonly touched: Set<number>;
}

/** How the cells of every mirrored volume stand, followed from change to change. */
export class CellMaps {
  readonly maps: readonly VolumeMap[];
  readonly #world: RunWorld;
  readonly #all: Followed[];
  readonly #event = new Growing((length) => new Int32Array(length));
  readonly #map = new Growing((length) => new Uint8Array(length));
  readonly #cell = new Growing((length) => new Uint16Array(length));
  readonly #state = new Growing((length) => new Uint8Array(length));

  constructor(world: RunWorld, topology: Topology) {
    this.#world = world;
    const systemOf = new Map(
      topology.systems.flatMap(({ name, volumes }) =>
        volumes.map((volume) => [volume.name, { system: name, ...volume }] as const),
      ),
    );
    this.#all = topology.pairs
      .flatMap(({ name: pair, primary, secondary }) => [
        { pair, own: primary, peer: secondary },
        { pair, own: secondary, peer: primary },
      ])
      .map(({ pair, own, peer }, index) => {
        const volume = systemOf.get(own);
        if (volume === undefined) throw new Error(`pair ${pair}: no volume ${own}`);
        const tracks = Math.ceil(volume.sizeBytes / volume.trackBytes);
        const tracksPerCell = Math.ceil(tracks / CELLS_MAX);
        const cells = Math.ceil(tracks / tracksPerCell);
        const { system, sizeBytes, trackBytes } = volume;
        return {
          map: { pair, system, volume: own, sizeBytes, trackBytes, cells, tracksPerCell },
          index,
          peer,
          states: new Uint8Array(cells),
          differs: new Uint8Array(cells),
          touched: new Set<number>(),
        };
      });
    this.maps = this.#all.map(({ map }) => map);
    for (const disk of systemOf.keys()) {
      const concerned = this.#all.filter(({ map, peer }) => map.volume === disk || peer === disk);
      if (concerned.length === 0) continue;
      world.onChange(disk, ({ offsetBytes, lengthBytes }) => {
        for (const { map, touched } of concerned) {
          const cellBytes = map.trackBytes * map.tracksPerCell;
          const last = Math.min(map.cells, Math.ceil((offsetBytes + lengthBytes) / cellBytes));
          for (let cell = Math.floor(offsetBytes / cellBytes); cell < last; cell++) touched.add(cell);
        }
      });
    }
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
    for (const followed of this.#all) if (isChanged || followed.touched.size > 0) this.#sampleOf(followed, event);
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

  #sampleOf(followed: Followed, event: number): void {
    const { map, states, differs, touched } = followed;
    for (const cell of touched) differs[cell] = this.#compare(followed, cell) ? 0 : 1;
    touched.clear();
    const known = this.#knownBy(map);
    for (let cell = 0; cell < map.cells; cell++) {
      const state = stateOf(differs[cell] === 1, known(cell));
      if (states[cell] === CODE[state]) continue;
      states[cell] = CODE[state];
      this.#event.push(event);
      this.#map.push(followed.index);
      this.#cell.push(cell);
      this.#state.push(CODE[state]);
    }
  }

  /** What any end that runs says of a cell of the pair. */
  #knownBy({ pair, volume, cells, tracksPerCell }: VolumeMap): (cell: number) => "nothing" | "pending" | "invalid" {
    const views: PendingView[] = [];
    const left: RestoreReport["left"][] = [];
    for (const { serving } of this.#world.systems) {
      const view = serving?.pending(pair);
      if (view !== undefined) views.push(view);
      for (const restore of serving?.restores() ?? []) if (restore.volume === volume) left.push(restore.left);
    }
    const any = (of: readonly { has(track: number): boolean }[], cell: number): boolean => {
      const end = (cell + 1) * tracksPerCell;
      for (let track = cell * tracksPerCell; track < end; track++)
        for (const view of of) if (view.has(track)) return true;
      return false;
    };
    if (views.length + left.length === 0 || cells === 0) return () => "nothing";
    return (cell) => (any(left, cell) ? "invalid" : any(views, cell) ? "pending" : "nothing");
  }

  #compare({ map, peer }: Followed, cell: number): boolean {
    const cellBytes = map.trackBytes * map.tracksPerCell;
    const offsetBytes = cell * cellBytes;
    const lengthBytes = Math.min(cellBytes, map.sizeBytes - offsetBytes);
    const mine = this.#world.view(map.volume).peek(offsetBytes, lengthBytes);
    const theirs = this.#world.view(peer).peek(offsetBytes, lengthBytes);
    return mine.every((byte, index) => byte === theirs[index]);
  }
}

function stateOf(differs: boolean, known: "nothing" | "pending" | "invalid"): CellState {
  if (known === "invalid") return "invalid";
  if (known === "pending") return differs ? "differs" : "pending";
  return differs ? "unknown" : "same";
}
