import type { Process } from "../../process.ts";
import type { Scheduled } from "../../scheduled.ts";
import type { EventKind } from "../../../../history/event-log.ts";
import type { Channel, ChannelConsumer } from "./channel.ts";
import type { Chunk } from "./chunk.ts";
import type { Kernel } from "../tcp/kernel.ts";
import type { Lots } from "./lots.ts";

/** One run of a toxic on a stub: from a start or change of the toxic to the next, or to the end. */
export interface ToxicRun {
  /** `idle` is called when nothing has come for so long. */
  readonly idleNsMax?: number;
  idle?(): void;
  /** Each call ends in exactly one of the stub's `next`, `stopped` or `close`, now or later. */
  chunk(chunk: Chunk): void;
  end(): void;
}

/** What a stub needs of the world around it. */
export interface StubWorld {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly timer: EventKind;
  /** The number of the connection, for the event log. */
  readonly connection: number;
  readonly lots: Lots;
  /** Toxiproxy itself ends here. @param found what Go says */
  panic(found: string): void;
}

/** A write out of an interrupted stub gives up after this, and its chunk is lost. */
const FLUSH_NS_MAX = 5_000_000_000;

/**
 * One place in a link's chain, where a toxic runs. A state machine in place of Toxiproxy's
 * goroutine: a step that takes no time is made at once, a wait is one event. It can be interrupted
 * where that goroutine selects on its interrupt channel, and nowhere else.
 */
export class Stub implements ChannelConsumer {
  output: Channel;
  /** `limit_data` counts here, across its runs; only there if the stub was made for such a toxic. */
  transmittedBytes: number | undefined;
  readonly input: Channel;
  readonly #world: StubWorld;
  #phase: "receiving" | "busy" | "waiting" | "stopped" | "closed" = "stopped";
  #run: ToxicRun | undefined;
  #pumping = false;
  #timer: Scheduled | undefined;
  #onDue: (() => void) | undefined;
  #onInterrupt: (() => void) | undefined;
  #interruptAnswer: ((interrupted: boolean) => void) | undefined;
  #interrupterIsNew = false;

  constructor(world: StubWorld, input: Channel, output: Channel) {
    this.#world = world;
    this.input = input;
    this.output = output;
    input.consumer = this;
  }

  get closed(): boolean {
    return this.#phase === "closed";
  }

  get nowNs(): number {
    return this.#world.kernel.scheduler.nowNs;
  }

  start(run: ToxicRun): void {
    this.#run = run;
    this.next();
  }

  /** Back to the input. */
  readonly next = (): void => {
    if (this.closed) return;
    this.#phase = "receiving";
    if (!this.#pumping) this.#pump();
  };

  /** The run ends, because it was interrupted. */
  readonly stopped = (): void => {
    if (this.closed) return;
    this.#phase = "stopped";
    this.#answer(true);
  };

  /** Sends on, then goes on with `then`. It cannot be interrupted while it is blocked. */
  forward(chunk: Chunk, then: () => void = this.next): void {
    this.#phase = "busy";
    if (this.output.send(chunk, then)) then();
  }

  /** As {@link forward}, but a chunk that nobody takes for 5 s is lost; `onLost` hears of it. */
  forwardOrLose(chunk: Chunk, then: () => void, onLost: (bytes: number) => void): void {
    this.#phase = "busy";
    sendOrLose(this.#world, this.output, chunk, then, onLost);
  }

  /** Waits, then goes on with `then`; at an interrupt with `onInterrupt`. Without it, interrupts wait too. */
  wait(delayNs: number, then: () => void, onInterrupt?: () => void): void {
    if (onInterrupt !== undefined && this.#interruptedBefore(delayNs <= 0)) {
      this.#phase = "busy";
      onInterrupt();
    } else if (delayNs <= 0) then();
    else {
      this.#phase = "waiting";
      this.#onDue = then;
      this.#onInterrupt = onInterrupt;
      this.#timer = this.#after(delayNs, this.#due);
    }
  }

  /** Nothing more comes out of it. What is in its input stays there. */
  close(): void {
    if (this.closed) return;
    this.#phase = "closed";
    this.#cancelTimer();
    this.output.close();
    this.#answer(false);
  }

  /**
   * Stops the run: `onAnswer(true)` once it has, `onAnswer(false)` if the stub is or gets closed.
   *
   * @param isNew whoever interrupts is a goroutine that was made just now
   */
  interrupt(onAnswer: (interrupted: boolean) => void, isNew = false): void {
    if (this.closed) {
      onAnswer(false);
      return;
    }
    this.#interruptAnswer = onAnswer;
    this.#interrupterIsNew = isNew;
    if (this.#phase === "stopped") this.#answer(true);
    else if (this.#phase === "receiving" && !this.#pumping) {
      this.#cancelTimer();
      this.stopped();
    } else if (this.#phase === "waiting" && this.#onInterrupt !== undefined) {
      this.#cancelTimer();
      this.#phase = "busy";
      this.#onInterrupt();
    }
  }

  /** The link is gone: no event may remain. */
  discard(): void {
    this.#phase = "closed";
    this.#cancelTimer();
  }

  inputReady(): void {
    if (this.#phase === "receiving" && !this.#pumping) {
      this.#cancelTimer();
      this.#pump();
    }
  }

  readonly #due = (): void => {
    const { kernel } = this.#world;
    this.#phase = "busy";
    kernel.inTimer = true;
    this.#onDue?.();
    kernel.inTimer = false;
  };

  #pump(): void {
    const run = this.#run as ToxicRun;
    const { input } = this;
    this.#pumping = true;
    // A loop, not a recursion through `next`: a full input holds a thousand chunks.
    while (this.#phase === "receiving") {
      if (this.#interruptedBefore(input.length > 0 || input.closed)) this.stopped();
      else if (input.length > 0) {
        this.#phase = "busy";
        run.chunk(input.take() as Chunk);
      } else if (input.closed) {
        this.#phase = "busy";
        run.end();
      } else {
        if (run.idleNsMax !== undefined) this.#timer = this.#after(run.idleNsMax, () => run.idle?.());
        break;
      }
    }
    this.#pumping = false;
  }

  /** At a `select`: an interrupt waits, and comes before whatever else is ready. */
  #interruptedBefore(otherIsReady: boolean): boolean {
    if (this.#interruptAnswer === undefined) return false;
    if (!otherIsReady) return true;
    const isNew = this.#interrupterIsNew;
    this.#interrupterIsNew = false;
    return !this.#world.lots(isNew);
  }

  #after(delayNs: number, callback: () => void): Scheduled {
    return after(this.#world, delayNs, callback);
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #answer(interrupted: boolean): void {
    const onAnswer = this.#interruptAnswer;
    this.#interruptAnswer = undefined;
    onAnswer?.(interrupted);
  }
}

/** Sends into `output`; gives up after 5 s, as Toxiproxy does wherever it flushes during a change. */
export function sendOrLose(
  world: StubWorld,
  output: Channel,
  chunk: Chunk,
  then: () => void,
  onLost: (bytes: number) => void,
): void {
  const taken = (): void => {
    timer.cancel();
    then();
  };
  if (output.send(chunk, taken)) {
    then();
    return;
  }
  const timer = after(world, FLUSH_NS_MAX, () => {
    output.withdraw();
    onLost(chunk.bytes.length);
    then();
  });
}

function after(world: StubWorld, delayNs: number, callback: () => void): Scheduled {
  return world.kernel.scheduler.schedule(delayNs, world.process, world.timer, world.connection, 0, callback);
}
