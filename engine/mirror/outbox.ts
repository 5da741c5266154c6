import { assert } from "../assert.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import type { Frame } from "../wire/frame.ts";
import { frameMemory, LARGE_PAYLOAD_BYTES } from "../wire/frame-memory.ts";
import { frameBytes, type FrameFields, type Session } from "../wire/session.ts";
import type { FrameKind } from "../wire/frame.ts";

/** Bytes that may be on their way, sent but not applied by the other end: the flow control window. */
export const WINDOW_BYTES = 1024 * 1024;

interface Sent {
  readonly sequence: number;
  readonly bytes: number;
  readonly sentNs: number;
  /** Whose change it carries; 0 for a frame that carries none. */
  readonly changeOf: number;
  readonly settle: ((outcome: SendOutcome) => void) | undefined;
  /** Of the frame, if it is to be used again. */
  readonly memory: Uint8Array | undefined;
}

/** `applied`: the other end has it, perhaps not durably. `lost`: nobody knows. */
export type SendOutcome = "applied" | "lost";

/** Changes of one pair that are on their way. */
export interface UnappliedChanges {
  readonly count: number;
  /** When the oldest was sent; 0 without one. */
  readonly oldestNs: number;
}

/** Nothing is on its way. */
export const NO_CHANGES: UnappliedChanges = { count: 0, oldestNs: 0 };

interface Barrier {
  readonly sequence: number;
  readonly sentNs: number;
  /** When the other end said that it has come to it; undefined before. */
  reachedNs: number | undefined;
}

interface Waiter {
  readonly bytes: number;
  readonly grant: (granted: boolean) => void;
}

/**
 * The ordered frames of one session that are not applied yet, in a bounded window (rule 6).
 * Acknowledgements are cumulative: the other end applies in order.
 */
export class Outbox {
  readonly #session: Session;
  readonly #nowNs: () => number;
  readonly #sent: Sent[] = [];
  /** Sequence numbers wait here for durability: (sequence, settle). */
  readonly #barriers: { readonly sequence: number; readonly settle: (outcome: "durable" | "lost") => void }[] = [];
  readonly #waiters: Waiter[] = [];
  /** Flush barriers that are not durable. */
  readonly #flushes: Barrier[] = [];
  #head = 0;
  #windowBytes = 0;
  /** Waiters that were granted room and have not sent since. */
  #granted = 0;
  #durable = -1;
  /** When the other end spoke of this last, and when more became durable there. */
  #heardNs = 0;
  #durableNs = 0;
  /** Sequence number of the last frame sent; -1 for none. */
  #last = -1;
  #ended = false;

  constructor(session: Session, nowNs: () => number) {
    this.#session = session;
    this.#nowNs = nowNs;
  }

  /** Every ordered frame up to this sequence number is durable at the other end; -1 for none. */
  get durable(): number {
    return this.#durable;
  }

  /** Whether frames were sent that the other end has not confirmed. */
  get unapplied(): boolean {
    return this.#head < this.#sent.length;
  }

  /** Age of the oldest frame that is not applied, or barrier that is not durable; 0 without one. */
  oldestAgeNs(): number {
    const nowNs = this.#nowNs();
    const sentNs = Math.min(this.#sent[this.#head]?.sentNs ?? nowNs, this.#flushes[0]?.sentNs ?? nowNs);
    return nowNs - sentNs;
  }

  /**
   * How long the other end has been at the same thing: it has frames to apply and says nothing (it would, of each part
   * of a frame that arrives), or it has come to a barrier and nothing gets durable. 0 if there is nothing to do.
   */
  stalledNs(): number {
    const nowNs = this.#nowNs();
    const [sent, barrier] = [this.#sent[this.#head], this.#flushes[0]];
    const appliesNs = sent === undefined ? 0 : nowNs - Math.max(sent.sentNs, this.#heardNs);
    if (barrier?.reachedNs === undefined) return appliesNs;
    return Math.max(appliesNs, nowNs - Math.max(barrier.reachedNs, this.#durableNs));
  }

  /** What the other end has not applied of a pair's changes. Looks at all that is on its way: not for every write. */
  unappliedOf(pairId: number): UnappliedChanges {
    const changes = this.#sent.slice(this.#head).filter(({ changeOf }) => changeOf === pairId);
    return { count: changes.length, oldestNs: changes[0]?.sentNs ?? 0 };
  }

  /**
   * Waits for room in the window, first come first served. `undefined` if there is room now, and for whoever was
   * granted some and asks again, although others wait. False if the session ended meanwhile. Room is not reserved: send
   * at once.
   */
  room(payloadBytes: number): Promise<boolean> | undefined {
    if (this.#ended) return Promise.resolve(false);
    const isNext = this.#waiters.length === 0 || this.#granted > 0;
    if (isNext && this.#fits(frameBytes(payloadBytes))) return undefined;
    return new Promise((resolve) => {
      this.#waiters.push({ bytes: frameBytes(payloadBytes), grant: resolve });
    });
  }

  /** A frame larger than the window goes alone. */
  #fits(bytes: number, promisedBytes = 0): boolean {
    const takenBytes = this.#windowBytes + promisedBytes;
    return takenBytes === 0 || takenBytes + bytes <= WINDOW_BYTES;
  }

  /**
   * Sends an ordered frame.
   * @param settle hears once whether it was applied
   * @param memory of {@link frameMemory} that the payload lies in, and that is given back when the frame was applied
   * @returns its sequence number
   */
  send(kind: FrameKind, fields: FrameFields, settle?: (outcome: SendOutcome) => void, memory?: Uint8Array): number {
    assert(!this.#ended, "an outbox that has ended sends nothing");
    const payloadBytes = fields.payload?.length ?? 0;
    const own = memory ?? (payloadBytes > LARGE_PAYLOAD_BYTES ? frameMemory.take(payloadBytes) : undefined);
    const sequence = this.#session.send(kind, fields, own);
    const bytes = frameBytes(payloadBytes);
    const changeOf = kind === "write" || kind === "zero" ? (fields.pairId ?? 0) : 0;
    const sentNs = this.#nowNs();
    this.#sent.push({ sequence, bytes, sentNs, changeOf, settle, memory: own });
    if (kind === "flush") this.#flushes.push({ sequence, sentNs, reachedNs: undefined });
    this.#windowBytes += bytes;
    if (this.#granted > 0 && fields.payload !== undefined) this.#granted--;
    this.#last = sequence;
    return sequence;
  }

  /** Settles when everything up to `sequence` is durable at the other end, or the session is over. */
  whenDurable(sequence: number): Promise<"durable" | "lost"> {
    if (sequence <= this.#durable) return Promise.resolve("durable");
    if (this.#ended) return Promise.resolve("lost");
    return new Promise((resolve) => {
      this.#barriers.push({ sequence, settle: resolve });
    });
  }

  /**
   * Takes an acknowledgement; one without news says that a frame is arriving.
   * @returns whether more is durable now
   * @throws CodecError if it speaks of frames that were never sent (rule 5)
   */
  acknowledge(applied: number, durable: number): boolean {
    if (applied > this.#last || durable > applied)
      throw new CodecError(`expected an acknowledgement up to ${this.#last}, found ${applied}, durable ${durable}`);
    this.#heardNs = this.#nowNs();
    for (
      let next = this.#sent[this.#head];
      next !== undefined && next.sequence <= applied;
      next = this.#sent[this.#head]
    ) {
      this.#head++;
      this.#windowBytes -= next.bytes;
      if (next.memory !== undefined) frameMemory.giveBack(next.memory);
      next.settle?.("applied");
    }
    if (this.#head > 64 && this.#head * 2 > this.#sent.length) {
      this.#sent.splice(0, this.#head);
      this.#head = 0;
    }
    this.#grant();
    if (durable > this.#durable) this.#durableNs = this.#heardNs;
    for (const barrier of this.#flushes) {
      if (barrier.sequence > applied) break;
      barrier.reachedNs ??= this.#heardNs;
    }
    if (durable <= this.#durable) return false;
    this.#durable = durable;
    while ((this.#flushes[0]?.sequence ?? Infinity) <= durable) this.#flushes.shift();
    for (let next = this.#barriers[0]; next !== undefined && next.sequence <= durable; next = this.#barriers[0]) {
      this.#barriers.shift();
      next.settle("durable");
    }
    return true;
  }

  #grant(): void {
    // Granted room counts from the moment of the grant, or all waiters would see the same room.
    let promised = 0;
    for (let next = this.#waiters[0]; next !== undefined; next = this.#waiters[0]) {
      if (!this.#fits(next.bytes, promised)) return;
      promised += next.bytes;
      this.#waiters.shift();
      this.#granted++;
      next.grant(true);
    }
  }

  /** The session is over: whoever waits hears it, in order. */
  end(): void {
    this.#ended = true;
    const sent = this.#sent.splice(this.#head);
    this.#sent.length = 0;
    this.#head = 0;
    for (const frame of sent) frame.settle?.("lost");
    for (const barrier of this.#barriers.splice(0)) barrier.settle("lost");
    for (const waiter of this.#waiters.splice(0)) waiter.grant(false);
  }
}

/** Reads an `ack` frame: both sequence numbers plus one, so that 0 is "none". @throws CodecError */
export function readAck(frame: Frame): { readonly applied: number; readonly durable: number } {
  const reader = new ByteReader(frame.payload);
  const applied = reader.u32() - 1;
  const durable = reader.u32() - 1;
  reader.end();
  return { applied, durable };
}

export function ackPayload(applied: number, durable: number): Uint8Array {
  return new ByteWriter(8)
    .u32(applied + 1)
    .u32(durable + 1)
    .bytes();
}
