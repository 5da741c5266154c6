import { handled } from "../handled.ts";
import { Applier, type OnBackup } from "../mirror/applier.ts";
import type { Connection } from "../mirror/connection.ts";
import { Outbox, readAck } from "../mirror/outbox.ts";
import type { Pair } from "../mirror/pair.ts";
import type { Suspension } from "../mirror/pair-entry.ts";
import { below, type Link, type LinkEndpoint, LinkError, type Listener, NS_PER_MS, sleep } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { type Frame, isOrdered } from "../wire/frame.ts";
import { Session, type SessionEvents } from "../wire/session.ts";
import { Traffic } from "../wire/traffic.ts";
import type { LinkConfig } from "./config.ts";

const PROTOCOL_VERSION = 1;
const REDIAL_NS_FIRST = 50 * NS_PER_MS;
const REDIAL_NS_MAX = 2_000 * NS_PER_MS;
/** The other end has frames, and gets nothing done and nothing in for this long: its disk hangs, and the session ends. */
const STALL_NS_MAX = 10_000 * NS_PER_MS;
/** A frame that is not applied for this long ends the session, however busy the other end is: hosts wait for it. */
const APPLY_NS_MAX = 30_000 * NS_PER_MS;
const WATCH_NS = 1_000 * NS_PER_MS;
/** Links that have been accepted and have not said who they are. */
const STRANGERS_MAX = 8;
/** A link that does not say who it is for this long ends. */
const HELLO_NS_MAX = 4_000 * NS_PER_MS;

/** What a link carries, as the interconnect sees it. */
export interface InterconnectHost {
  /** The name of this system. */
  readonly system: string;
  /** Starts of this system: makes epochs of different incarnations differ. */
  readonly bootCount: number;
  pairs(): readonly Pair[];
  pair(id: number): Pair | undefined;
  /** A session is up: the pairs may speak. */
  onUp(connection: Connection): void;
  /** The session is over; its pairs are suspended already. */
  onDown(connection: Connection): void;
  /** All that came before is applied and durable. @throws CodecError */
  onBackup: OnBackup;
  /** A frame that is neither data nor an acknowledgement. @throws CodecError */
  onFrame(connection: Connection, frame: Frame): void;
}

/** The interconnect to one other system: keeps one session up, and hands frames to the pairs. */
export class Interconnect {
  readonly config: LinkConfig;
  readonly traffic: Traffic;
  readonly #endpoint: LinkEndpoint;
  readonly #runtime: Runtime;
  readonly #host: InterconnectHost;
  readonly #applier: Applier;
  /** The session that carries the pairs. */
  #connection: Connection | undefined;
  readonly #upWaiters = new Set<() => void>();
  #strangers = 0;
  #attempts = 0;
  #lastEpoch = -1;
  #redialNs = REDIAL_NS_FIRST;
  #listener: Listener | undefined;
  #stopped = false;

  constructor(config: LinkConfig, endpoint: LinkEndpoint, runtime: Runtime, host: InterconnectHost) {
    this.config = config;
    this.#endpoint = endpoint;
    this.#runtime = runtime;
    this.#host = host;
    this.traffic = new Traffic((id) => host.pair(id)?.traffic);
    this.#applier = new Applier(runtime, host.onBackup);
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** The session, once there is one; `undefined` if there is none within `delayNs`. */
  whenUp(delayNs: number): Promise<Connection | undefined> {
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    return new Promise((resolve) => {
      const settle = (): void => {
        timer.cancel();
        this.#upWaiters.delete(settle);
        resolve(this.#connection);
      };
      const timer = this.#runtime.clock.after(delayNs, settle);
      this.#upWaiters.add(settle);
    });
  }

  /** Settles when nothing that was received is still to be applied. */
  applied(): Promise<void> {
    return this.#applier.idle();
  }

  start(): void {
    if (this.config.role === "dial") this.#runtime.tasks.spawn(this.#dialForever());
    else this.#listener = this.#endpoint.listen(this.config.address, (link) => this.#accept(link));
    this.#watch();
  }

  /** Ends the session, and begins no other. Settles when all that was received is applied. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#listener?.close();
    this.#connection?.session.end("stopped");
    await this.#applier.idle();
  }

  async #dialForever(): Promise<void> {
    while (!this.#stopped) {
      // What the last session left must be in place before the pairs say where they stand.
      await this.#applier.idle();
      try {
        const link = await this.#endpoint.dial(this.config.address);
        await this.#greet(link);
      } catch (error) {
        handled(error, LinkError);
      }
      const jitterNs = below(this.#runtime.random, REDIAL_NS_FIRST);
      await sleep(this.#runtime.clock, this.#redialNs + jitterNs);
      this.#redialNs = Math.min(this.#redialNs * 2, REDIAL_NS_MAX);
    }
  }

  /** The dialling side: says hello first. Settles when the session is over. */
  async #greet(link: Link): Promise<void> {
    const epoch = this.#host.bootCount * 0x1_0000_0000 + this.#attempts++;
    const events: SessionEvents = {
      onFrame: (frame) => {
        if (this.#connection?.session === session) this.#take(this.#connection, frame);
        else {
          this.#believe(() => this.#checkHello(frame));
          this.#up(session);
        }
      },
      onPart: () => this.#tellPart(session),
      onEnd: (why, failed) => this.#down(session, why, failed),
    };
    const session = new Session(link, this.#runtime, epoch, events, this.traffic);
    this.#hello(session);
    this.#runtime.log.step("session.hello.sent", { link: this.config.name });
    await session.run();
  }

  #accept(link: Link): void {
    if (this.#strangers >= STRANGERS_MAX || this.#stopped) {
      link.close();
      return;
    }
    this.#strangers++;
    let stranger = true;
    // One that only pings must not keep the place of one that has something to say.
    const timer = this.#runtime.clock.after(HELLO_NS_MAX, () => session.end("no hello"));
    const known = (): void => {
      if (stranger) this.#strangers--;
      stranger = false;
      timer.cancel();
    };
    const events: SessionEvents = {
      onFrame: (frame) => {
        if (this.#connection?.session === session) this.#take(this.#connection, frame);
        else {
          if (!stranger) throw new CodecError("a frame before the answer to hello");
          this.#believe(() => {
            this.#checkHello(frame);
            // A dial that was held up on the way must not replace its successor.
            if (frame.epoch <= this.#lastEpoch)
              throw new CodecError(`epoch ${frame.epoch} is not after ${this.#lastEpoch}`);
          });
          this.#lastEpoch = frame.epoch;
          known();
          this.#connection?.session.end("replaced");
          this.#runtime.tasks.spawn(this.#answer(session));
        }
      },
      onPart: () => this.#tellPart(session),
      onEnd: (why, failed) => {
        known();
        this.#down(session, why, failed);
      },
    };
    const session = new Session(link, this.#runtime, undefined, events, this.traffic);
    this.#runtime.tasks.spawn(session.run());
  }

  async #answer(session: Session): Promise<void> {
    // What the last session left must be in place before this side says where it stands.
    await this.#applier.idle();
    if (session.ended) return;
    this.#hello(session);
    this.#up(session);
  }

  #hello(session: Session): void {
    const payload = new ByteWriter(64).u16(PROTOCOL_VERSION).text(this.#host.system).text(this.config.name).bytes();
    session.send("hello", { payload });
  }

  /** Names that do not fit would be refused for ever, so an operator must be able to see why. @throws what `check` throws */
  #believe(check: () => void): void {
    try {
      check();
    } catch (error) {
      const why = handled(error, CodecError).message;
      this.#runtime.log.step("session.refused", { link: this.config.name, why });
      throw error;
    }
  }

  /** @throws CodecError */
  #checkHello(frame: Frame): void {
    if (frame.kind !== "hello") throw new CodecError(`expected hello, found ${frame.kind}`);
    const reader = new ByteReader(frame.payload);
    const version = reader.u16();
    const system = reader.text();
    const link = reader.text();
    reader.end();
    if (version !== PROTOCOL_VERSION) throw new CodecError(`expected protocol ${PROTOCOL_VERSION}, found ${version}`);
    if (system !== this.config.peer || link !== this.config.name)
      throw new CodecError(`expected ${this.config.peer} on ${this.config.name}, found ${system} on ${link}`);
  }

  #up(session: Session): void {
    if (this.#stopped) return session.end("stopped");
    // Two sessions may have waited for the applier at once; the later dial is the one that lives.
    this.#connection?.session.end("replaced");
    const outbox = new Outbox(session, () => this.#runtime.clock.monotonicNs());
    const connection = { session, outbox, dials: this.config.role === "dial" };
    this.#connection = connection;
    this.#applier.reset();
    this.#runtime.log.step("session.up", { link: this.config.name });
    this.#host.onUp(connection);
    for (const settle of this.#upWaiters) settle();
  }

  #down(session: Session, why: string, failed: boolean): void {
    const connection = this.#connection;
    if (connection?.session !== session) return;
    this.#connection = undefined;
    this.#runtime.log.step("session.down", { link: this.config.name, why });
    const suspension: Suspension = failed ? "error" : "link";
    // An error would come again at once, so its growing delay is kept; a lost link is tried again soon.
    if (suspension === "link") this.#redialNs = REDIAL_NS_FIRST;
    // First every pair is suspended, then the waiting writes hear of it: they wait for the suspension.
    const { unapplied } = connection.outbox;
    for (const pair of this.#carried(connection)) pair.detach(suspension, unapplied, this.#applier.idle());
    connection.outbox.end();
    this.#host.onDown(connection);
  }

  /** A frame takes long to come: the other end must neither take this one for dead nor the frame for one that hangs. */
  #tellPart(session: Session): void {
    if (this.#connection?.session === session) this.#applier.tell(this.#connection);
  }

  /** A pair that is being made is not on the session yet. */
  #carried(connection: Connection): readonly Pair[] {
    return this.#host.pairs().filter((pair) => pair.connection === connection);
  }

  #take(connection: Connection, frame: Frame): void {
    if (frame.kind === "ack") {
      const { applied, durable } = readAck(frame);
      if (!connection.outbox.acknowledge(applied, durable)) return;
      for (const pair of this.#carried(connection)) pair.retire();
    } else if (frame.kind === "nack") {
      const pair = this.#host.pair(frame.pairId);
      this.#runtime.log.step("session.nack", { link: this.config.name, pair: pair?.entry.name ?? "" });
      connection.session.fail("apply failed");
    } else if (isOrdered(frame.kind)) {
      const pair = this.#host.pair(frame.pairId);
      if (pair?.connection !== connection) throw new CodecError(`data for a pair that is not on this session`);
      this.#applier.push(connection, pair, frame);
    } else this.#host.onFrame(connection, frame);
  }

  /** Ends a session whose other end takes frames and does not apply them, or hardly. */
  #watch(): void {
    const connection = this.#connection;
    if (connection !== undefined) {
      const { outbox, session } = connection;
      if (outbox.stalledNs() > STALL_NS_MAX) session.end("peer does not apply");
      else if (outbox.oldestAgeNs() > APPLY_NS_MAX) session.end("peer applies too slowly");
    }
    this.#runtime.clock.after(WATCH_NS, () => this.#watch());
  }
}
