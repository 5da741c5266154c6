import { handled } from "../handled.ts";
import { DiskError, NS_PER_MS, sleep } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import type { Volume } from "./volume.ts";

/** A track stays pending at most about this long after its last write. */
const CHECKPOINT_AFTER_NS = 50 * NS_PER_MS;
/** More active tracks than this bring the checkpoint forward. */
const ACTIVE_TRACKS_MAX = 256;

/** A stop looks again after this long, and so many times at most: a peer or a disk that hangs must not prevent it. */
const SETTLE_NS = 10 * NS_PER_MS;
const SETTLE_ROUNDS_MAX = 1000;

/** Makes the active tracks of a volume durable on both sides now and then, so that its taps can forget them. */
export class Checkpoint {
  readonly #volume: Volume;
  readonly #runtime: Runtime;
  #isSet = false;
  #running = false;

  constructor(volume: Volume, runtime: Runtime) {
    this.#volume = volume;
    this.#runtime = runtime;
  }

  /** One will be made soon, or at once where many tracks are active. */
  schedule(): void {
    if (!this.#running && this.#activeCount() > ACTIVE_TRACKS_MAX) this.#runtime.tasks.spawn(this.#run());
    if (this.#isSet) return;
    this.#isSet = true;
    this.#runtime.clock.after(CHECKPOINT_AFTER_NS, () => {
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
      if (!this.#running) await this.#run();
      if (isIdle) return;
      await sleep(this.#runtime.clock, SETTLE_NS);
    }
  }

  async #run(): Promise<void> {
    const { taps } = this.#volume;
    this.#running = true;
    try {
      for (const tap of taps) tap.flushBehind();
      await this.#volume.flushDisk();
      for (const tap of taps) {
        tap.retire();
        await tap.sweep();
      }
    } catch (error) {
      // The tracks stay pending; the next checkpoint tries again.
      handled(error, DiskError);
    } finally {
      this.#running = false;
    }
    if (this.#activeCount() > 0) this.schedule();
  }

  #activeCount(): number {
    let count = 0;
    for (const tap of this.#volume.taps) count += tap.activeCount;
    return count;
  }
}
