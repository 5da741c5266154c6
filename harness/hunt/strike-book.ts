/** Changes of the bytes of one direction of a link in a plan: with a third, Toxiproxy may end in a panic. */
const CHANGES_MAX = 2;

/** What the strikes of one plan share. Whoever asks first is served first: so ask in the order of the plan. */
export class StrikeBook {
  /** Strikes so far. */
  count = 0;
  readonly #changes = new Map<string, number>();

  /** A name of its own for each strike: `f1`, `f2` and so on. */
  label(): string {
    return `f${++this.count}`;
  }

  /**
   * Whether one more toxic fits in that direction of the link. Toxiproxy counts places wrongly once a toxic has closed
   * while another one still drains the connection, and looks past the end of its list when a third comes.
   */
  takesToxic(link: string, direction: "upstream" | "downstream"): boolean {
    const key = `${link} ${direction}`;
    const before = this.#changes.get(key) ?? 0;
    if (before === CHANGES_MAX) return false;
    this.#changes.set(key, before + 1);
    return true;
  }
}
