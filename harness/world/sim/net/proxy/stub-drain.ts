import type { ChannelConsumer } from "./channel.ts";
import type { Chunk } from "./chunk.ts";
import { type Stub, type StubWorld, sendOrLose } from "./stub.ts";

/**
 * Passes what is in front of an interrupted stub, which is about to be deleted, straight to its output:
 * undelayed and in order. It goes on until the stub before it has stopped and nothing is left
 * (`onOver(true)`), or the end of the stream comes (`onOver(false)`).
 */
export class StubDrain implements ChannelConsumer {
  readonly #world: StubWorld;
  readonly #stub: Stub;
  readonly #onLost: (bytes: number) => void;
  readonly #onOver: (joined: boolean) => void;
  #busy = false;
  #senderStopped = false;

  constructor(world: StubWorld, stub: Stub, onLost: (bytes: number) => void, onOver: (joined: boolean) => void) {
    this.#world = world;
    this.#stub = stub;
    this.#onLost = onLost;
    this.#onOver = onOver;
    stub.input.consumer = this;
  }

  /** The stub before it sends nothing more. */
  senderStopped(): void {
    this.#senderStopped = true;
    this.inputReady();
  }

  readonly inputReady = (): void => {
    const { input, output } = this.#stub;
    while (!this.#busy) {
      if (input.length > 0) {
        this.#busy = true;
        let inside = true;
        const passed = (): void => {
          this.#busy = false;
          // Called back later, nobody is in the loop any more.
          if (!inside) this.inputReady();
        };
        sendOrLose(this.#world, output, input.take() as Chunk, passed, this.#onLost);
        inside = false;
      } else if (this.#senderStopped || input.closed) {
        // Busy for good.
        this.#busy = true;
        this.#onOver(this.#senderStopped);
      } else return;
    }
  };
}
