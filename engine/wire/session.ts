import { assert } from "../assert.ts";
import { handled } from "../handled.ts";
import { type Link, LinkError, NS_PER_MS, type Timer } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { CodecError } from "./byte-codec.ts";
import { encodeFrame, type Frame, type FrameKind, FrameParser, isOrdered } from "./frame.ts";
import { HEADER_BYTES } from "./frame-memory.ts";
import type { Traffic } from "./traffic.ts";

/** A silent peer is asked after this long. */
const PING_AFTER_NS = 1_000 * NS_PER_MS;
/** A peer that is silent for this long is gone: the link is half-open. */
const SILENCE_NS_MAX = 4_000 * NS_PER_MS;
const SEQUENCE_MAX = 0xffff_ffff;
const NO_PAYLOAD = new Uint8Array(0);

export interface SessionEvents {
  /**
   * Called in the order of arrival; it must not wait. A throw of CodecError ends the session. The payload is as it
   * is until this returns, that of an ordered frame until {@link Session.giveBack}.
   */
  onFrame(frame: Frame): void;
  /** Bytes have come of a frame that is not whole yet, and none that is, since this was last looked at: each second. */
  onPart?(): void;
  /**
   * Called once; `why` is a short word for people. `failed`: what ended it would end the next one as well, unless
   * somebody mends it.
   */
  onEnd(why: string, failed: boolean): void;
}

export interface FrameFields {
  readonly pairId?: number;
  readonly offsetBytes?: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
}

/**
 * Frames over one link, both ways: sequence and epoch checked on every frame, silence noticed.
 * Ends at the first thing that does not fit (rule 5); there is no repair within a session.
 */
export class Session {
  readonly #link: Link;
  readonly #runtime: Runtime;
  readonly #events: SessionEvents;
  readonly #traffic: Traffic | undefined;
  readonly #framesMax: number;
  readonly #parser = new FrameParser();
  /** Undefined until the first frame of the accepting side tells it. */
  #epoch: number | undefined;
  #sent = 0;
  #received = 0;
  /** When this was last looked at. */
  #receivedBefore = -1;
  /** Of each ordered frame that is not given back: the bytes from the end of the one before to its own. */
  readonly #keptBytes: number[] = [];
  /** Bytes of frames that nobody needs, behind those. */
  #freeBytes = 0;
  #heardNs: number;
  #timer: Timer | undefined;
  #ended = false;

  /**
   * @param epoch of the side that dials; the side that accepts takes it from the first frame
   * @param traffic counts the bytes of every frame that is sent, or comes and is believed
   * @param framesMax that may be sent: the session ends by itself when half of them are
   */
  constructor(
    link: Link,
    runtime: Runtime,
    epoch: number | undefined,
    events: SessionEvents,
    traffic?: Traffic,
    framesMax = SEQUENCE_MAX,
  ) {
    this.#framesMax = framesMax;
    this.#link = link;
    this.#runtime = runtime;
    this.#epoch = epoch;
    this.#events = events;
    this.#traffic = traffic;
    this.#heardNs = runtime.clock.monotonicNs();
  }

  get epoch(): number {
    assert(this.#epoch !== undefined, "the epoch is known once the first frame has come or gone");
    return this.#epoch;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Begins to read. Settles when the session has ended. */
  async run(): Promise<void> {
    this.#tick();
    try {
      for (;;) {
        const chunk = await this.#link.read();
        if (this.#ended) return;
        if (chunk === undefined) return this.end("closed by peer");
        this.#heardNs = this.#runtime.clock.monotonicNs();
        for (const frame of this.#parser.push(chunk)) {
          if (this.#ended) return;
          this.#take(frame);
        }
        if (this.#keptBytes.length === 0) this.#free();
      }
    } catch (error) {
      const known = handled(error, LinkError, CodecError);
      this.end(known instanceof LinkError ? `link ${known.code.toLowerCase()}` : `protocol: ${known.message}`);
    }
  }

  #take(frame: Frame): void {
    if (frame.sequence !== this.#received)
      throw new CodecError(`expected frame ${this.#received}, found ${frame.sequence}`);
    this.#epoch ??= frame.epoch;
    if (frame.epoch !== this.#epoch) throw new CodecError(`expected epoch ${this.#epoch}, found ${frame.epoch}`);
    this.#received++;
    const bytes = frameBytes(frame.payload.length);
    this.#traffic?.received(frame, bytes);
    if (this.#link.giveBack !== undefined) this.#keep(frame, bytes);
    if (frame.kind === "ping") this.send("pong");
    else if (frame.kind !== "pong") this.#events.onFrame(frame);
  }

  #keep({ kind }: Frame, bytes: number): void {
    this.#freeBytes += bytes;
    if (!isOrdered(kind)) return;
    this.#keptBytes.push(this.#freeBytes);
    this.#freeBytes = 0;
  }

  /** Nobody needs the payloads of the next `count` ordered frames any more: they are given back in their order. */
  giveBack(count: number): void {
    if (this.#ended || this.#link.giveBack === undefined) return;
    let bytes = 0;
    for (const kept of this.#keptBytes.splice(0, count)) bytes += kept;
    this.#link.giveBack(bytes);
    if (this.#keptBytes.length === 0) this.#free();
  }

  #free(): void {
    if (this.#freeBytes > 0) this.#link.giveBack?.(this.#freeBytes);
    this.#freeBytes = 0;
  }

  /**
   * Sends one frame and gives its sequence number.
   * @param memory of the frame, see {@link encodeFrame}; it must not change until the frame has arrived
   */
  send(kind: FrameKind, fields: FrameFields = {}, memory?: Uint8Array): number {
    assert(!this.#ended, "a session that has ended sends nothing");
    assert(this.#sent < this.#framesMax, "a session ends long before its sequence numbers do");
    const sequence = this.#sent++;
    const frame: Frame = {
      kind,
      flags: fields.flags ?? 0,
      pairId: fields.pairId ?? 0,
      epoch: this.epoch,
      sequence,
      offsetBytes: fields.offsetBytes ?? 0,
      payload: fields.payload ?? NO_PAYLOAD,
    };
    const bytes = encodeFrame(frame, memory);
    this.#traffic?.sent(fields.pairId ?? 0, bytes.length);
    this.#runtime.tasks.spawn(this.#link.write(bytes), this.#onWriteError);
    return sequence;
  }

  readonly #onWriteError = (error: unknown): void => {
    this.end(`link ${handled(error, LinkError).code.toLowerCase()}`);
  };

  /** Ends it from this side; idempotent. */
  end(why: string): void {
    this.#finish(why, false);
  }

  /** Ends it, since this side or the other cannot do what the frames ask for; idempotent. */
  fail(why: string): void {
    this.#finish(why, true);
  }

  #finish(why: string, failed: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#link.close();
    this.#events.onEnd(why, failed);
  }

  #tick(): void {
    if (this.#ended) return;
    const silentNs = this.#runtime.clock.monotonicNs() - this.#heardNs;
    if (silentNs >= SILENCE_NS_MAX) return this.end("peer silent");
    // The next one counts from 0; long before, so that whoever sends need not look.
    if (this.#sent > this.#framesMax / 2) return this.end("sequence numbers run out");
    // The epoch of an accepted session is unknown until the peer has spoken.
    if (silentNs < PING_AFTER_NS && this.#received === this.#receivedBefore) this.#events.onPart?.();
    this.#receivedBefore = this.#received;
    if (silentNs >= PING_AFTER_NS && this.#epoch !== undefined) this.send("ping");
    this.#timer = this.#runtime.clock.after(PING_AFTER_NS, () => this.#tick());
  }
}

/** Bytes that a frame with a payload of `payloadBytes` takes on the link. */
export function frameBytes(payloadBytes: number): number {
  return HEADER_BYTES + payloadBytes;
}
