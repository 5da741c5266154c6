/** Something that happened to the world and may explain a difference. */
export interface Incident {
  readonly at: number;
  readonly timeNs: number;
  /** `link cut`, `b lost power`. */
  readonly text: string;
}

const INCIDENTS_MAX = 10_000;

/** Cuts, crashes and commands, in order, for blame. */
export class Incidents {
  readonly #list: Incident[] = [];

  get count(): number {
    return this.#list.length;
  }

  add(at: number, timeNs: number, text: string): void {
    if (this.#list.length < INCIDENTS_MAX) this.#list.push({ at, timeNs, text });
  }

  /** The last one not after the moment `at`; "" without. */
  lastBefore(at: number): string {
    for (let index = this.#list.length - 1; index >= 0; index--) {
      const incident = this.#list[index] as Incident;
      if (incident.at <= at) return `${incident.text} at ${(incident.timeNs / 1e6).toFixed(6)} ms`;
    }
    return "";
  }
}
