import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { PauseAtMost } from "../plan/expectation.ts";
import type { LoggedStep, RunWorld } from "../world/run-world.ts";
import type { Measure } from "./measures.ts";

/** Measures, in virtual time, how long a system keeps hosts from writing (SR-1, SR-4). */
export class PauseMeasure implements Measure {
  readonly #expectation: PauseAtMost;
  readonly #world: Pick<RunWorld, "nowNs">;
  readonly #flushNsMax: number;
  /** By what the steps are about: since when. */
  readonly #since = new Map<string, number>();
  readonly #exceeded: string[] = [];
  #count = 0;

  constructor(expectation: PauseAtMost, world: Pick<RunWorld, "nowNs" | "flushNsMax">) {
    this.#expectation = expectation;
    this.#world = world;
    if (world.flushNsMax === undefined) throw new Error("a pause in flushes, in a world whose flushes have no bound");
    this.#flushNsMax = world.flushNsMax;
  }

  step(system: string, { name, fields }: LoggedStep): void {
    const { from, to, flushes } = this.#expectation;
    if (system !== this.#expectation.system) return;
    const about = String(fields["volume"] ?? "");
    if (name === from && !this.#since.has(about)) this.#since.set(about, this.#world.nowNs());
    const sinceNs = this.#since.get(about);
    if (name !== to || sinceNs === undefined) return;
    this.#since.delete(about);
    this.#count++;
    const pauseNs = this.#world.nowNs() - sinceNs;
    const mostNs = flushes * this.#flushNsMax;
    if (pauseNs <= mostNs) return;
    const most = `at most ${mostNs / NS_PER_MS} ms, the time of ${flushes} flushes`;
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
