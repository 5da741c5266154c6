import { handled } from "../handled.ts";
import { DiskError, NS_PER_MS, sleep } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import type { Volume } from "./volume.ts";

/** A track stays pending about this long after its last write, on a disk that is fast. */
const CHECKPOINT_AFTER_NS = 50 * NS_PER_MS;
/** More active tracks than this bring the checkpoint forward: they take memory, some 100 bytes each. */
const ACTIVE_TRACKS_MAX = 16_384;
/** Where it takes long, the next one comes so many times later: most of the disk's time is for hosts. */
const REST_FACTOR = 3;
const REST_NS_MAX = 2_000 * NS_PER_MS;

/** Marks that are kept for the next change are cleared when there was none for so long. */
const COOL_NS = 2_000 * NS_PER_MS;

/** A stop looks again after this long, and so many times at most: a peer or a disk that hangs must not prevent it. */
const SETTLE_NS = 10 * NS_PER_MS;
const SETTLE_ROUNDS_MAX = 1000;

/** Makes the active tracks of a volume durable on both sides now and then, so that its taps can forget them. */
export class Checkpoint {
  readonly #volume: Volume;
  readonly #runtime: Runtime;
  #isSet = false;
  #running = false;
  /** A timer runs that looks whether the volume was idle meanwhile. */
  #cools = false;
  #isCalm = true;
  #restNs = 0;

  constructor(volume: Volume, runtime: Runtime) {
    this.#volume = volume;
    this.#runtime = runtime;
  }

  /** One will be made soon, or at once where many tracks are active. */
  schedule(): void {
    this.#isCalm = false;
    if (!this.#running && this.#activeCount() > ACTIVE_TRACKS_MAX) this.#runtime.tasks.spawn(this.#run());
    if (this.#isSet) return;
    this.#isSet = true;
    this.#runtime.clock.after(Math.max(CHECKPOINT_AFTER_NS, this.#restNs), () => {
      this.#isSet = false;
      if (!this.#running) this.#runtime.tasks.spawn(this.#run());
    });
  }

  /**
   * For a stop, when hosts have gone: settles when no track is active and no mark is left that nothing needs, or
   * when that takes too long.
   */
  async settle(): Promise<void> {
    for (let round = 0; round < SETTLE_ROUNDS_MAX; round++) {
      const isIdle = !this.#running && this.#activeCount() === 0;
      // One more: what became idle may still be marked.
      if (!this.#running) await this.#run(true);
      if (isIdle) return;
      await sleep(this.#runtime.clock, SETTLE_NS);
    }
  }

  /** @param isCold the volume was idle, or is going to be */
  async #run(isCold = false): Promise<void> {
    const { taps } = this.#volume;
    const { clock } = this.#runtime;
    const beganNs = clock.monotonicNs();
    this.#running = true;
    try {
      for (const tap of taps) tap.flushBehind();
      await this.#volume.flushDisk();
      for (const tap of taps) {
        tap.retire();
        await tap.sweep(isCold);
      }
    } catch (error) {
      // The tracks stay pending; the next checkpoint tries again.
      handled(error, DiskError);
    } finally {
      this.#running = false;
      this.#restNs = Math.min((clock.monotonicNs() - beganNs) * REST_FACTOR, REST_NS_MAX);
    }
    if (this.#activeCount() > 0) this.schedule();
    else if (!isCold) this.#coolDown();
  }

  /** Marks that are kept warm go when the volume was idle for a while. */
  #coolDown(): void {
    if (this.#cools || !this.#volume.taps.some((tap) => tap.isWarm)) return;
    this.#cools = true;
    this.#isCalm = true;
    this.#runtime.clock.after(COOL_NS, () => {
      this.#cools = false;
      if (this.#running || this.#activeCount() > 0) return;
      if (this.#isCalm) this.#runtime.tasks.spawn(this.#run(true));
      else this.#coolDown();
    });
  }

  #activeCount(): number {
    let count = 0;
    for (const tap of this.#volume.taps) count += tap.activeCount;
    return count;
  }
}
