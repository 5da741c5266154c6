import { below } from "../../../../../engine/ports/index.ts";
import type { SimRandom } from "../../sim-random.ts";

/** Draws the one-way delays of one direction of a connection so that nothing overtakes. */
export class WireDelay {
  readonly latencyNsMin: number;
  readonly #spreadNs: number;
  /** A spread beyond 2^32 ns is drawn in whole steps of it. */
  readonly #stepNs: number;
  readonly #stepCount: number;
  readonly #random: SimRandom;
  #lastArrivalNs = 0;

  constructor(latencyNsMin: number, latencyNsMax: number, random: SimRandom) {
    this.latencyNsMin = latencyNsMin;
    this.#spreadNs = latencyNsMax - latencyNsMin;
    this.#stepNs = Math.ceil((this.#spreadNs + 1) / 0x1_0000_0000);
    this.#stepCount = Math.floor(this.#spreadNs / this.#stepNs) + 1;
    this.#random = random;
  }

  /** Every packet arrives at the moment it is sent. */
  get isZero(): boolean {
    return this.latencyNsMin === 0 && this.#spreadNs === 0;
  }

  /** Nanoseconds from `nowNs` to the arrival of a packet sent now. */
  next(nowNs: number): number {
    if (this.#spreadNs === 0) return this.latencyNsMin;
    const drawn = nowNs + this.latencyNsMin + below(this.#random, this.#stepCount) * this.#stepNs;
    const arrivalNs = drawn < this.#lastArrivalNs ? this.#lastArrivalNs : drawn;
    this.#lastArrivalNs = arrivalNs;
    return arrivalNs - nowNs;
  }
}
