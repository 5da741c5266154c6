import type { Recording, SystemEntry } from "../../../harness/replay/recording.ts";

/** Finds how things stood at any event of a recording. */
export class Moments {
  readonly #recording: Recording;
  readonly #bySystem = new Map<string, SystemEntry[]>();
  /** Cells as they were after so many changes, kept here and there, so that none is far from any event. */
  readonly #kept: { readonly changes: number; readonly cells: readonly Uint8Array[] }[] = [];

  constructor(recording: Recording) {
    this.#recording = recording;
    for (const entry of recording.systems) {
      const own = this.#bySystem.get(entry.system) ?? [];
      own.push(entry);
      this.#bySystem.set(entry.system, own);
    }
  }

  get systems(): readonly string[] {
    return [...this.#bySystem.keys()];
  }

  /** All entries of a system, in order. */
  entries(system: string): readonly SystemEntry[] {
    return this.#bySystem.get(system) ?? [];
  }

  /** What the system said of itself after `event`; `undefined` before its first word. */
  entryAt(system: string, event: number): SystemEntry | undefined {
    const entries = this.entries(system);
    const after = firstAfter(entries.length, (index) => (entries[index] as SystemEntry).event, event);
    return entries[after - 1];
  }

  /** By map: the states of its cells after `event`. */
  cellsAt(event: number): readonly Uint8Array[] {
    const { cells, maps } = this.#recording;
    const end = firstAfter(cells.count, (index) => cells.event[index] as number, event);
    const kept = this.#kept.findLast(({ changes }) => changes <= end);
    const states = kept?.cells.map((own) => own.slice()) ?? maps.map((map) => new Uint8Array(map.cells));
    for (let index = kept?.changes ?? 0; index < end; index++) {
      if (index % KEPT_EVERY === 0 && index > (this.#kept.at(-1)?.changes ?? 0))
        this.#kept.push({ changes: index, cells: states.map((own) => own.slice()) });
      (states[cells.map[index] as number] as Uint8Array)[cells.cell[index] as number] = cells.state[index] as number;
    }
    return states;
  }
}

const KEPT_EVERY = 20_000;

/** The first index whose value is greater than `limit`; `length` if none is. Values rise. */
export function firstAfter(length: number, value: (index: number) => number, limit: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
