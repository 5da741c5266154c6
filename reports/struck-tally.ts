import { addStruck, type Struck } from "../harness/history/mirror-state.ts";
import type { PageRun } from "../harness/history/page-input.ts";
import type { StruckRow } from "./page/page-data.ts";

/** How often each kind of fault struck, and had an effect, by what mirrors were like then; over all runs of which that is known. */
export class StruckTally {
  readonly #byKind = new Map<string, Struck>();

  add({ faults }: PageRun): void {
    for (const { kind, struck } of faults) {
      const all = addStruck(this.#byKind.get(kind), struck);
      if (all !== undefined) this.#byKind.set(kind, all);
    }
  }

  /** In the order of their names. */
  finish(): StruckRow[] {
    return [...this.#byKind]
      .map(([kind, struck]) => ({ kind, struck }))
      .toSorted((one, other) => (one.kind < other.kind ? -1 : 1));
  }
}
