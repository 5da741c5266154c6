import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import type { Connection } from "../mirror/connection.ts";
import { decideResync } from "../mirror/decide-resync.ts";
import type { Pair } from "../mirror/pair.ts";
import { learnSplit, settleSwap } from "../mirror/pair-commands.ts";
import { decodePairOffer, encodePairOffer, type PairOffer } from "../mirror/pair-offer.ts";
import { type ResyncRequest, runResyncSource } from "../mirror/resync-source.ts";
import { requestResync, ResyncRequestReader } from "../mirror/resync-target.ts";
import { DiskError, NS_PER_MS } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import type { Frame } from "../wire/frame.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** After a source was busy. */
const ASK_AGAIN_NS = 200 * NS_PER_MS;

/** Heard once, when the other end has answered the offer of a new pair. */
type CreateAnswer = (refusal: string | undefined) => void;

/**
 * How the two ends of a pair agree. Each tells the other its state whenever a session begins and
 * whenever a change of it is durable; each decides by itself, and only the side that is to be
 * overwritten acts on its decision, which the source then checks against its own.
 */
export class PairProtocol {
  readonly #memory: SharedMemory;
  readonly #runtime: Runtime;
  readonly #requests = new Map<Pair, ResyncRequestReader>();
  readonly #creating = new Map<Pair, CreateAnswer>();
  /** New pairs that a disk of the other end refused, until they are offered again. */
  readonly #offering = new Set<Pair>();
  /** Who waits to hear of which pair. */
  readonly #listeners = new Map<() => void, Pair>();

  constructor(memory: SharedMemory, runtime: Runtime) {
    this.#memory = memory;
    this.#runtime = runtime;
    memory.onChange = (pair) => this.#tell(pair);
  }

  /** A session is up: every pair of the link is told of. */
  onUp(link: string, connection: Connection): void {
    for (const pair of this.#memory.pairsOn(link)) {
      pair.connection = connection;
      this.#tell(pair);
    }
  }

  /** Tells the other end where this one stands, if there is a session. */
  #tell(pair: Pair): void {
    const { connection, entry } = pair;
    if (connection === undefined || connection.session.ended || pair.phase === "leaving") return;
    connection.session.send("pair-state", { pairId: entry.id, payload: encodePairOffer(entry) });
  }

  /** Settles when the other end has said where it stands, or after `delayNs`. */
  async whenHeard(pair: Pair, delayNs: number): Promise<void> {
    if (pair.peerState !== undefined) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        timer.cancel();
        this.#listeners.delete(settle);
        resolve();
      };
      const timer = this.#runtime.clock.after(delayNs, settle);
      this.#listeners.set(settle, pair);
    });
  }

  /** Offers a new pair and waits for the answer. @throws EngineError PEER_REFUSED: the pair is gone again */
  async offer(pair: Pair, connection: Connection): Promise<void> {
    pair.connection = connection;
    const refusal = await new Promise<string | undefined>((resolve) => {
      this.#creating.set(pair, resolve);
      this.#tell(pair);
    });
    if (refusal === undefined) return;
    pair.connection = undefined;
    await this.#memory.remove(pair);
    throw new EngineError("PEER_REFUSED", { pair: pair.entry.name, reason: refusal });
  }

  /** The session of these pairs is over; a pair that waits for an answer is offered again with the next one. */
  onDown(): void {
    for (const pair of [...this.#creating.keys()]) if (pair.connection === undefined) this.#answered(pair, undefined);
  }

  #answered(pair: Pair, refusal: string | undefined): void {
    const answer = this.#creating.get(pair);
    this.#creating.delete(pair);
    answer?.(refusal);
  }

  /** @throws CodecError */
  onFrame(link: string, connection: Connection, frame: Frame): void {
    const pair = this.#memory.pairById(frame.pairId);
    if (frame.kind === "pair-state") this.#onState(link, connection, frame, pair);
    else if (pair === undefined || pair.connection !== connection)
      throw new CodecError(`${frame.kind} for a pair that is not on this session`);
    else if (frame.kind === "pair-refused") this.#onRefused(pair, frame);
    else if (frame.kind === "resync-request") this.#onRequest(pair, connection, frame);
    else throw new CodecError(`frame kind ${frame.kind} is not for a pair`);
  }

  #onState(link: string, connection: Connection, frame: Frame, pair: Pair | undefined): void {
    const offer = decodePairOffer(frame.payload);
    if (pair === undefined) {
      this.#runtime.tasks.spawn(this.#adopt(link, connection, frame.pairId, offer));
      return;
    }
    // The other end may have a pair of another link under this number only by a fault of its own.
    if (
      pair.entry.link !== link ||
      offer.sizeBytes !== pair.entry.sizeBytes ||
      offer.trackBytes !== pair.entry.trackBytes
    )
      throw new CodecError(`pair ${pair.entry.name} differs at the other end`);
    pair.peerState = offer.state;
    for (const [settle, waited] of this.#listeners) if (waited === pair) settle();
    this.#answered(pair, undefined);
    this.reconcile(pair);
  }

  /** Makes the entry of a pair that the other end, its primary, has created. From this step on the pair is known here. */
  async #adopt(link: string, connection: Connection, id: number, offer: PairOffer): Promise<void> {
    const refusal = this.#objection(offer);
    if (refusal !== undefined) {
      this.#refuse(connection, id, refusal);
      return;
    }
    try {
      const pair = await this.#memory.create({
        id,
        name: offer.name,
        link,
        volume: offer.peerVolume,
        peerVolume: offer.volume,
        mode: offer.mode,
        tracker: offer.tracker,
        role: "secondary",
      });
      // Without this session the next one brings the pair up.
      if (connection.session.ended) return;
      pair.connection = connection;
      pair.peerState = offer.state;
      this.#tell(pair);
      this.reconcile(pair);
    } catch (error) {
      this.#refuse(connection, id, handled(error, EngineError).code);
    }
  }

  #refuse({ session }: Connection, pairId: number, why: string): void {
    if (!session.ended) session.send("pair-refused", { pairId, payload: new ByteWriter().text(why).bytes() });
  }

  #objection(offer: PairOffer): string | undefined {
    // A pair that was in use and is unknown here: this end lost its metadata. It must not pass for a copy.
    if (offer.state.established || offer.state.role !== "primary") return "PAIR_UNKNOWN";
    if (!this.#memory.hasVolume(offer.peerVolume)) return "VOLUME_UNKNOWN";
    const volume = this.#memory.volume(offer.peerVolume);
    if (volume.sizeBytes !== offer.sizeBytes) return `SIZE ${volume.sizeBytes}, expected ${offer.sizeBytes}`;
    if (volume.trackBytes !== offer.trackBytes) return `TRACK ${volume.trackBytes}, expected ${offer.trackBytes}`;
    return undefined;
  }

  #onRefused(pair: Pair, frame: Frame): void {
    const reader = new ByteReader(frame.payload);
    const reason = reader.text();
    reader.end();
    this.#runtime.log.step("pair.refused", { pair: pair.entry.name, reason });
    if (this.#creating.has(pair)) return this.#answered(pair, reason);
    pair.refusal = reason;
    if (pair.phase !== "leaving") pair.phase = "idle";
    pair.fenced = false;
    pair.release("start");
    if (reason === "DISK_FAILED" && pair.peerState === undefined) this.#offerAgain(pair);
    // The source was busy: nothing else would make this end ask again.
    if (reason === "NOT_READY") this.#runtime.clock.after(ASK_AGAIN_NS, () => this.reconcile(pair));
  }

  /** The other end's disk may work again; until it does, that end knows nothing of the pair. */
  #offerAgain(pair: Pair): void {
    const { connection } = pair;
    if (this.#offering.has(pair)) return;
    this.#offering.add(pair);
    this.#runtime.clock.after(ASK_AGAIN_NS, () => {
      this.#offering.delete(pair);
      if (pair.connection === connection) this.#tell(pair);
    });
  }

  #onRequest(pair: Pair, connection: Connection, frame: Frame): void {
    let reader = this.#requests.get(pair);
    if (reader === undefined || frame.offsetBytes === 0) {
      reader = new ResyncRequestReader(pair.volume.trackCount);
      this.#requests.set(pair, reader);
    }
    const request = reader.take(frame);
    if (request === undefined) return;
    this.#requests.delete(pair);
    this.#runtime.tasks.spawn(this.#source(pair, connection, request));
  }

  async #source(pair: Pair, connection: Connection, request: ResyncRequest): Promise<void> {
    try {
      await runResyncSource(pair, connection, request);
    } catch (error) {
      handled(error, EngineError, DiskError);
      connection.session.fail("metadata write failed");
    }
  }

  /** Decides what to do about a suspended pair, and does this end's part of it. */
  reconcile(pair: Pair): void {
    const { connection, peerState, entry } = pair;
    if (connection === undefined || peerState === undefined || pair.phase !== "idle" || entry.status === "DUPLEX")
      return;
    if (entry.suspension === "swap") {
      this.#runtime.tasks.spawn(settleSwap(pair, peerState, connection).then(() => this.reconcile(pair)));
      return;
    }
    const learned = learnSplit(pair, peerState);
    if (learned !== undefined) this.#runtime.tasks.spawn(learned);
    const decision = decideResync(entry, peerState);
    this.#runtime.log.step("pair.decided", { pair: entry.name, action: decision.action });
    pair.refusal = decision.action === "refused" ? decision.code : "";
    if (decision.action === "target") this.#runtime.tasks.spawn(requestResync(pair, connection));
    else if (decision.action !== "source") pair.release("start");
  }
}
