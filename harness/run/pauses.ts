import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { PauseAtMost } from "../plan/expectation.ts";
import { defaultTiming } from "../world/sim/disk/index.ts";
import type { Step } from "../world/sim/sim-log.ts";
import type { Measure } from "./measures.ts";

/** The slowest flush that a simulated disk does when nothing is wrong with it. */
const FLUSH_NS_MAX = Math.ceil(defaultTiming.flushNs * (1 + defaultTiming.jitterRatio));

/** Measures, in virtual time, how long a system keeps hosts from writing (SR-1, SR-4). */
export class PauseMeasure implements Measure {
  readonly #expectation: PauseAtMost;
  readonly #nowNs: () => number;
  /** By what the steps are about: since when. */
  readonly #since = new Map<string, number>();
  readonly #exceeded: string[] = [];
  #count = 0;

  constructor(expectation: PauseAtMost, nowNs: () => number) {
    this.#expectation = expectation;
    this.#nowNs = nowNs;
  }

  step(system: string, { name, fields }: Step): void {
    const { from, to, flushes } = this.#expectation;
    if (system !== this.#expectation.system) return;
    const about = String(fields["volume"] ?? "");
    if (name === from && !this.#since.has(about)) this.#since.set(about, this.#nowNs());
    const sinceNs = this.#since.get(about);
    if (name !== to || sinceNs === undefined) return;
    this.#since.delete(about);
    this.#count++;
    const pauseNs = this.#nowNs() - sinceNs;
    if (pauseNs <= flushes * FLUSH_NS_MAX) return;
    const most = `at most ${(flushes * FLUSH_NS_MAX) / NS_PER_MS} ms, the time of ${flushes} flushes`;
    this.#exceeded.push(
      `${system} ${about} paused for ${pauseNs / NS_PER_MS} ms at ${sinceNs / NS_PER_MS} ms, ${most}`,
    );
  }

  /** A pause that a crash ended is none of a running system. */
  systemDown(system: string): void {
    if (system === this.#expectation.system) this.#since.clear();
  }

  failures(): readonly string[] {
    const { system, from } = this.#expectation;
    for (const [about, sinceNs] of this.#since)
      this.#exceeded.push(`${system} ${about} is paused since ${sinceNs / NS_PER_MS} ms`);
    return this.#count === 0 ? [`${system} never paused: no step ${from} was seen`, ...this.#exceeded] : this.#exceeded;
  }
}
