import { ackPayload } from "../mirror/outbox.ts";
import { type Generation, NO_GENERATION } from "../mirror/generation.ts";
import type { PairState } from "../mirror/pair-entry.ts";
import { decodePairOffer, encodePairOffer, type PairOffer } from "../mirror/pair-offer.ts";
import { requestPieces } from "../mirror/resync-target.ts";
import type { Link } from "../ports/index.ts";
import { ByteWriter } from "../wire/byte-codec.ts";
import { type Frame, type FrameKind, isOrdered } from "../wire/frame.ts";
import { type FrameFields, Session } from "../wire/session.ts";
import type { LinkEnd } from "./link-pair.ts";
import type { Site } from "./site.node.ts";

const PROTOCOL_VERSION = 1;

/** What a peer says of itself when it is sound; see {@link HandPeer.hello}. */
interface Greeting {
  readonly version?: number;
  readonly system?: string;
  readonly link?: string;
}

/**
 * The other end of a link, played by a test: it says what a sound system never would. By itself it greets,
 * and acknowledges as durable what it is sent; it keeps nothing.
 */
export class HandPeer {
  /** What the system under test has said, pings and acknowledgements left out. */
  readonly frames: Frame[] = [];
  /** Why its sessions ended, as it heard of it. */
  readonly ends: string[] = [];
  /** The session that it speaks in; one that is over until the next one. */
  session: Session | undefined;
  acknowledges = true;
  onFrame: (frame: Frame) => void = () => {};
  #dialled: LinkEnd | undefined;
  readonly #site: Site;
  readonly #of: string;
  readonly #name: string;
  readonly #link: string;

  /** @param of the system under test; `name` is this one's */
  constructor(site: Site, of: string, name: string, link: string) {
    this.#site = site;
    this.#of = of;
    this.#name = name;
    this.#link = link;
  }

  /** The system under test dials; settles when it has. */
  async listen(): Promise<void> {
    this.#site.network.listen(this.#link, (link) => this.#open(link, undefined));
    await this.#site.until(() => this.frames.some(({ kind }) => kind === "hello"));
  }

  /** Dials the system under test, and says nothing. */
  async dial(epoch: number): Promise<void> {
    const link = await this.#site.network.dial(this.#link);
    this.#dialled = link;
    this.#open(link, epoch);
  }

  /** What is said within arrives in one piece, where it was dialled. */
  atOnce(say: () => void): void {
    const link = this.#dialled;
    if (link?.peer === undefined) throw new Error("nothing was dialled");
    const bytes: number[] = [];
    link.carry = (chunk) => {
      bytes.push(...chunk);
      return [];
    };
    say();
    link.carry = (chunk) => [chunk];
    link.peer.arrive(Uint8Array.from(bytes));
  }

  #open(link: Link, epoch: number | undefined): void {
    const { runtime } = this.#site.at(this.#of);
    const session: Session = new Session(link, runtime, epoch, {
      onFrame: (frame) => {
        // Whoever dials says it first.
        if (epoch === undefined && frame.kind === "hello") this.hello();
        this.#take(session, frame);
      },
      onEnd: (why) => this.ends.push(why),
    });
    this.session = session;
    runtime.tasks.spawn(session.run());
  }

  #take(session: Session, frame: Frame): void {
    if (frame.kind === "ack") return;
    this.frames.push(frame);
    if (this.acknowledges && isOrdered(frame.kind))
      session.send("ack", { payload: ackPayload(frame.sequence, frame.sequence) });
    this.onFrame(frame);
  }

  send(kind: FrameKind, fields: FrameFields = {}): void {
    this.session?.send(kind, fields);
  }

  hello({ version = PROTOCOL_VERSION, system = this.#name, link = this.#link }: Greeting = {}): void {
    this.send("hello", { payload: new ByteWriter(64).u16(version).text(system).text(link).bytes() });
  }

  /** What came of this kind, oldest first. */
  heard(kind: FrameKind): readonly Frame[] {
    return this.frames.filter((frame) => frame.kind === kind);
  }

  /** What the system under test said last of its pair. */
  offer(): PairOffer & { readonly pairId: number } {
    const frame = this.heard("pair-state").at(-1);
    if (frame === undefined) throw new Error("no pair was spoken of");
    return { ...decodePairOffer(frame.payload), pairId: frame.pairId };
  }

  /** What it says of the pair, unless it says otherwise: a secondary that has nothing yet. */
  state(of: Partial<PairState> = {}): PairState {
    return {
      role: "secondary",
      status: "SPLIT",
      suspension: "link",
      consistent: false,
      established: false,
      current: NO_GENERATION,
      ancestors: [],
      copyFrom: NO_GENERATION,
      wish: "",
      wishAfter: NO_GENERATION,
      takeover: NO_GENERATION,
      secondaryWritable: false,
      ...of,
    };
  }

  /** Tells where it stands in the pair, or in one that it wants made. */
  tell(pairId: number, offer: Omit<PairOffer, "state">, state: PairState): void {
    const { volume: peerVolume, peerVolume: volume } = offer;
    this.send("pair-state", { pairId, payload: encodePairOffer({ ...offer, ...state, volume, peerVolume }) });
  }

  /** The system under test makes a synchronous pair `p` of its `pvol` and a volume of this one. @returns its number */
  async joinPair(): Promise<number> {
    const { system } = this.#site.at(this.#of);
    const link = this.#link;
    const made = system.execute({ kind: "create", pair: "p", volume: "pvol", link, peerVolume: "svol", mode: "sync" });
    await this.#site.until(() => this.heard("pair-state").length > 0);
    const { pairId, ...offer } = this.offer();
    this.tell(pairId, offer, this.state());
    await this.#site.run(made);
    return pairId;
  }

  /** Overwrites the other end, or only begins to: nothing of it is sent, so its volume stays what it is. */
  copy(pairId: number, current: Generation, tracks: number, how: "wholly" | "begins" = "wholly"): void {
    this.send("copy-begin", { pairId, payload: new ByteWriter(32).text(current).u32(tracks).bytes() });
    if (how === "wholly") this.send("copy-done", { pairId, payload: new ByteWriter(32).text(current).bytes() });
  }

  /** Asks to be overwritten. */
  request(pairId: number, state: PairState, bitmap: Uint8Array, pieceBytes?: number): void {
    for (const fields of requestPieces({ state, bitmap }, pieceBytes))
      this.send("resync-request", { pairId, ...fields });
  }
}
