import type { SimRandom } from "../../sim-random.ts";
import { Channel } from "./channel.ts";
import { LinkReader } from "./link-reader.ts";
import { LinkWriter } from "./link-writer.ts";
import type { Socket } from "../tcp/socket.ts";
import { Stub, type StubWorld } from "./stub.ts";
import { StubDrain } from "./stub-drain.ts";
import { inputCapacityChunks, runToxic } from "./toxic.ts";
import type { ToxicSlot } from "./toxic-slot.ts";
import { runNoop } from "./toxics/noop.ts";

/** What a link counts for its proxy. */
export interface LinkCounters {
  bytesIn: number;
  bytesOut: number;
  /** Thrown away by toxics. */
  bytesDropped: number;
  /** Lost in a flush that nobody took. */
  bytesGivenUp: number;
}

/**
 * One direction of a proxied connection: reader → stubs in the order of the chain → writer. The
 * three changes follow Toxiproxy's `link.go` step by step, what it does with links that are closing
 * included. Each calls `done` when that link no longer holds up the API's answer.
 */
export class ToxicLink {
  readonly counters: LinkCounters = { bytesIn: 0, bytesOut: 0, bytesDropped: 0, bytesGivenUp: 0 };
  readonly reader: LinkReader;
  readonly writer: LinkWriter;
  readonly #world: StubWorld;
  readonly #random: SimRandom;
  readonly #chain: readonly ToxicSlot[];
  readonly #stubs: Stub[] = [];
  #runCount = 0;

  /** @param chain the proxy's, which changes before a change reaches the link */
  constructor(
    world: StubWorld,
    random: SimRandom,
    chain: readonly ToxicSlot[],
    source: Socket,
    destination: Socket,
    onWriterDone: () => void,
  ) {
    this.#world = world;
    this.#random = random;
    this.#chain = chain;
    const { counters } = this;
    const input = new Channel(0);
    let last = input;
    for (let index = 0; index < chain.length; index++) {
      const following = chain[index + 1];
      const next = new Channel(following === undefined ? 0 : inputCapacityChunks(following.toxic));
      this.#stubs.push(new Stub(world, last, next));
      last = next;
    }
    this.writer = new LinkWriter(
      last,
      destination,
      (count) => {
        counters.bytesOut += count;
      },
      onWriterDone,
    );
    this.reader = new LinkReader(
      source,
      input,
      () => world.kernel.scheduler.nowNs,
      (count) => {
        counters.bytesIn += count;
      },
    );
    if (chain.some((slot) => slot.toxic.type === "reset_peer")) {
      source.lingerZero = true;
      destination.lingerZero = true;
    }
    this.#stubs.forEach((stub, index) => {
      const slot = chain[index] as ToxicSlot;
      giveState(stub, slot);
      this.#run(stub, slot);
    });
  }

  /** `slot` was added at the end of the chain. */
  add(slot: ToxicSlot, done: () => void): void {
    const last = this.#stubs[this.#stubs.length - 1] as Stub;
    const lastIndex = this.#stubs.length - 1;
    const input = new Channel(inputCapacityChunks(slot.toxic));
    last.interrupt((interrupted) => {
      if (interrupted) {
        const stub = new Stub(this.#world, input, last.output);
        this.#stubs.push(stub);
        last.output = input;
        giveState(stub, slot);
        this.#run(stub, slot);
        const lastSlot = this.#chain[lastIndex];
        // More stubs than toxics, because one that closed was not taken out: Toxiproxy looks past the end of its list.
        if (lastSlot === undefined)
          this.#world.panic(`index out of range [${lastIndex}] with length ${this.#chain.length}`);
        else this.#run(last, lastSlot);
      } else {
        // The link is closing already; the place must exist, for later changes count places.
        const stub = new Stub(this.#world, new Channel(0), input);
        this.#stubs.push(stub);
        stub.close();
      }
      done();
    });
  }

  /** What runs at `slot` was changed. */
  update(slot: ToxicSlot, done: () => void): void {
    const stub = this.#stubs[slot.index];
    if (stub === undefined) {
      done();
      return;
    }
    stub.interrupt((interrupted) => {
      if (interrupted) this.#run(stub, slot);
      done();
    });
  }

  /** `slot`, until now at `index`, was taken out of the chain. */
  remove(slot: ToxicSlot, index: number, done: () => void): void {
    const stub = this.#stubs[index];
    const previous = this.#stubs[index - 1];
    if (stub === undefined || previous === undefined) {
      done();
      return;
    }
    stub.interrupt((interrupted) => {
      if (!interrupted) done();
      else if (slot.toxic.type === "timeout") {
        slot.effects.connectionsClosed++;
        stub.close();
        done();
      } else this.#cutOut(stub, previous, index, done);
    });
  }

  /** Nothing that is in it can come out, and nobody asks for it: nothing may remain scheduled. */
  discard(): void {
    for (const stub of this.#stubs) stub.discard();
  }

  /** Takes the interrupted `stub` out of the link once its input is empty. */
  #cutOut(stub: Stub, previous: Stub, index: number, done: () => void): void {
    const drain = new StubDrain(
      this.#world,
      stub,
      (bytes) => {
        this.counters.bytesGivenUp += bytes;
      },
      (joined) => {
        if (joined) {
          previous.output = stub.output;
          this.#stubs.splice(index, 1);
          this.#run(previous, this.#chain[index - 1] as ToxicSlot);
        } else stub.close();
        done();
      },
    );
    previous.interrupt((interrupted) => {
      if (interrupted) drain.senderStopped();
    }, true);
    drain.inputReady();
  }

  /** Starts a run; whether the toxic is at work in it is drawn anew each time. */
  #run(stub: Stub, slot: ToxicSlot): void {
    const { toxicity } = slot;
    const runNumber = this.#runCount++;
    let stream: SimRandom | undefined;
    const random = (): SimRandom => {
      stream ??= this.#random.fork(`${slot.name}/${runNumber}`);
      return stream;
    };
    const { counters } = this;
    const drop = (bytes: number): void => {
      slot.effects.bytesDropped += bytes;
      counters.bytesDropped += bytes;
    };
    const giveUp = (bytes: number): void => {
      counters.bytesGivenUp += bytes;
    };
    const panic = (found: string): void => this.#world.panic(found);
    const hit = toxicity >= 1 || (toxicity > 0 && random().next32() < toxicity * 0x1_0000_0000);
    stub.start(hit ? runToxic(slot, stub, { effects: slot.effects, random, drop, giveUp, panic }) : runNoop(stub));
  }
}

/** What a toxic remembers across its runs is at the stub, and made with it. */
function giveState(stub: Stub, { toxic }: ToxicSlot): void {
  if (toxic.type === "limit_data") stub.transmittedBytes = 0;
}
