import { AssertionError, assert } from "../../assert.ts";
import { EXTENTS_MAX, extentsWithin, type ReadPiece, readPieces } from "./block-status.ts";
import type { ByteAccess } from "./byte-access.ts";
import { errnoOf } from "./errno-of.ts";
import { LARGE_BYTES, LargePlace, type LargeRequests } from "./large-requests.ts";
import type { NbdContext, NbdExtent } from "./nbd-export.ts";
import { BASE_ALLOCATION, CHUNK, COMMAND, COMMAND_FLAG, ERRNO, type NbdErrno, STRING_BYTES_MAX } from "./protocol.ts";
import { type Cookie, ReplyBatch } from "./reply-batch.ts";
import { changes, faultOf, hasData, type Request } from "./request.ts";
import { RequestReader, RequestViolation } from "./request-reader.ts";
import type { SlabPool } from "./slab.ts";
import type { Wire } from "./wire.ts";

assert(STRING_BYTES_MAX >= 3 * 1024, "a message of a thousand characters fits into a string of the protocol");

/** What one client may have under way at once; it is not read from while there is more. */
export interface ClientLimits {
  readonly requests: number;
  /** Memory, of requests and replies; one request may always run. */
  readonly bytes: number;
}

/** What was agreed in the handshake. */
export interface Agreed {
  readonly access: ByteAccess;
  readonly structured: boolean;
  /** The selected contexts, by identifier. */
  readonly contexts: ReadonlyMap<number, NbdContext>;
}

export interface TransmissionOptions {
  readonly wire: Wire;
  readonly pool: SlabPool;
  readonly agreed: Agreed;
  readonly large: LargeRequests;
  /** Asked at every request. */
  readonly limits: () => ClientLimits;
  /** The client broke the protocol, and is dropped. */
  readonly onViolation: (why: string) => void;
}

/**
 * The second phase of a connection: requests and replies. All requests that have come are begun at
 * once, and everything that is ready to be said in one turn of the event loop goes out in one write.
 */
export class Transmission {
  readonly #wire: Wire;
  readonly #access: ByteAccess;
  readonly #agreed: Agreed;
  readonly #reader: RequestReader;
  readonly #replies: ReplyBatch;
  readonly #place: LargePlace;
  readonly #limits: () => ClientLimits;
  readonly #onViolation: (why: string) => void;
  readonly #holes: NbdContext | undefined;
  #inFlight = 0;
  #inFlightBytes = 0;
  /** Of them: large requests, one at most. */
  #largeInFlight = 0;
  /** Whether what is to be sent next holds the data of one. */
  #largeReply = false;
  /** Not read from until something is done. */
  #paused = false;
  #flushScheduled = false;
  /** No more requests: the client said goodbye or is gone. */
  #ending = false;
  #draining = false;
  #closed = false;
  #whenIdle: (() => void) | undefined;

  constructor({ wire, pool, agreed, large, limits, onViolation }: TransmissionOptions) {
    this.#wire = wire;
    this.#agreed = agreed;
    this.#access = agreed.access;
    this.#limits = limits;
    this.#onViolation = onViolation;
    this.#reader = new RequestReader(wire.received);
    this.#replies = new ReplyBatch(pool);
    this.#place = new LargePlace(large, () => this.#parse());
    this.#holes = agreed.access.export.contexts.find(({ name }) => name === BASE_ALLOCATION);
  }

  /** Requests that are being carried out. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether the client owes something: the rest of a request, or the reading of replies. */
  get clientOwes(): boolean {
    if (this.#replies.unsentBytes > 0) return true;
    return !this.#paused && this.#reader.isWithin;
  }

  start(): void {
    this.#wire.onBytes = () => this.#parse();
    this.#wire.onEnd = () => this.#end();
    this.#wire.resume();
    this.#parse();
  }

  /** Refuses what comes from now on, and closes the connection when all that runs is answered. */
  drain(): void {
    if (this.#closed) return;
    this.#draining = true;
    this.#parse();
    this.#schedule();
  }

  /** The connection is gone. Settles when no request of it runs any more. */
  closed(): Promise<void> {
    this.#closed = true;
    this.#ending = true;
    this.#replies.close();
    if (this.#largeInFlight === 0) this.#place.close();
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  #end(): void {
    this.#ending = true;
    this.#schedule();
  }

  #parse(): void {
    try {
      while (!this.#ending) {
        if (this.#isFull()) return this.#pause();
        const request = this.#reader.peek();
        if (request === undefined) break;
        const fault = this.#draining ? SHUTDOWN : faultOf(request, this.#access.export, this.#agreed);
        if (fault !== undefined) {
          this.#reader.discard(request);
          this.#place.leave();
          this.#refuse(request, fault.errno, fault.why);
          continue;
        }
        const isLarge = request.lengthBytes > LARGE_BYTES && hasData(request);
        if (isLarge && !this.#place.take()) return this.#pause();
        if (!this.#reader.hasWhole(request)) break;
        if (isLarge) this.#place.begin();
        this.#execute(request, this.#reader.take(request));
      }
    } catch (error) {
      if (!(error instanceof RequestViolation)) throw error;
      this.#ending = true;
      this.#onViolation(error.message);
    }
    const { received } = this.#wire;
    if (this.#ending) received.skip(received.unread);
    if (!this.#paused) return;
    this.#paused = false;
    this.#wire.resume();
  }

  #execute(request: Request, payload: Payload | undefined): void {
    const { type, offsetBytes, lengthBytes, flags } = request;
    const access = this.#access;
    const fua = (flags & COMMAND_FLAG.FUA) !== 0;
    switch (type) {
      case COMMAND.READ:
        return this.#read(request);
      case COMMAND.WRITE:
        return this.#write(request, payload, fua);
      case COMMAND.DISC:
        return this.#end();
      case COMMAND.FLUSH:
        return this.#answer(request, access.flush());
      case COMMAND.BLOCK_STATUS:
        return this.#blockStatus(request);
      case COMMAND.CACHE:
        return this.#answer(request, access.cache(offsetBytes, lengthBytes));
      case COMMAND.TRIM:
        return this.#answer(
          request,
          changes(request, (at, length) => access.trim(at, length, { fua })),
        );
      default: {
        assert(type === COMMAND.WRITE_ZEROES, "an unknown command was refused before");
        const options = { fua, noHole: (flags & COMMAND_FLAG.NO_HOLE) !== 0 };
        return this.#answer(
          request,
          changes(request, (at, length) => access.writeZeroes(at, length, options)),
        );
      }
    }
  }

  #write(request: Request, payload: Payload | undefined, fua: boolean): void {
    if (payload === undefined) return this.#reply(request);
    const { lengthBytes, offsetBytes } = request;
    const { bytes, slab } = payload;
    this.#begin(lengthBytes);
    this.#access.write(offsetBytes, bytes, { fua }).then(
      () => {
        slab.release();
        this.#done(lengthBytes);
        if (lengthBytes > LARGE_BYTES) this.#place.end();
        this.#reply(request);
      },
      (error: unknown) => {
        slab.release();
        this.#failed(request, lengthBytes, error);
      },
    );
  }

  #read(request: Request): void {
    const { cookie, offsetBytes, lengthBytes, flags } = request;
    const { structured } = this.#agreed;
    if (lengthBytes === 0) return this.#reply(request);
    if (structured && this.#holes !== undefined && (flags & COMMAND_FLAG.DF) === 0) return this.#readPieces(request);
    this.#begin(lengthBytes);
    this.#access.read(offsetBytes, lengthBytes).then(
      (data) => {
        assert(data.length === lengthBytes, "an export reads as much as it is asked to");
        this.#done(lengthBytes);
        if (this.#closed) return;
        if (lengthBytes > LARGE_BYTES) this.#largeReply = true;
        if (structured) this.#replies.data(cookie, true, offsetBytes, data);
        else {
          this.#replies.simple(cookie, 0);
          this.#replies.payload(data);
        }
        this.#schedule();
      },
      (error: unknown) => this.#failed(request, lengthBytes, error),
    );
  }

  #readPieces(request: Request): void {
    const { cookie, offsetBytes, lengthBytes } = request;
    const pieces = readPieces(this.#holes, offsetBytes, lengthBytes);
    const read = async ({ isHole, ...range }: ReadPiece): Promise<Uint8Array | undefined> =>
      isHole ? undefined : this.#access.read(range.offsetBytes, range.lengthBytes);
    this.#begin(lengthBytes);
    Promise.all(pieces.map(read)).then(
      (contents) => {
        this.#done(lengthBytes);
        if (this.#closed) return;
        if (lengthBytes > LARGE_BYTES) this.#largeReply = true;
        for (const [index, piece] of pieces.entries()) {
          const isLast = index === pieces.length - 1;
          const data = contents[index];
          if (data !== undefined) this.#replies.data(cookie, isLast, piece.offsetBytes, data);
          else this.#replies.hole(cookie, isLast, piece.offsetBytes, piece.lengthBytes);
        }
        this.#schedule();
      },
      (error: unknown) => this.#failed(request, lengthBytes, error),
    );
  }

  #blockStatus(request: Request): void {
    const { cookie, offsetBytes, lengthBytes, flags } = request;
    const countMax = (flags & COMMAND_FLAG.REQ_ONE) !== 0 ? 1 : EXTENTS_MAX;
    const chunks: { readonly id: number; readonly extents: readonly NbdExtent[] }[] = [];
    try {
      for (const [id, context] of this.#agreed.contexts)
        chunks.push({ id, extents: extentsWithin(context, offsetBytes, lengthBytes, countMax) });
    } catch (error) {
      return this.#refuse(request, errnoOf(error), messageOf(error));
    }
    for (const [index, { id, extents }] of chunks.entries()) {
      this.#replies.chunk(cookie, CHUNK.BLOCK_STATUS, index === chunks.length - 1, 4 + 8 * extents.length);
      this.#replies.u32(id);
      for (const extent of extents) {
        this.#replies.u32(extent.lengthBytes);
        this.#replies.u32(extent.flags);
      }
    }
    this.#schedule();
  }

  /** Replies to a request without data, when it is done. */
  #answer(request: Request, done: Promise<void>): void {
    this.#begin(0);
    done.then(
      () => {
        this.#done(0);
        this.#reply(request);
      },
      (error: unknown) => this.#failed(request, 0, error),
    );
  }

  #failed(request: Request, lengthBytes: number, error: unknown): void {
    // A bug of ours: whoever runs the server stops, and the client finds the connection broken.
    if (error instanceof AssertionError) throw error;
    this.#done(lengthBytes);
    if (lengthBytes > LARGE_BYTES) this.#place.end();
    this.#refuse(request, errnoOf(error), messageOf(error));
  }

  #reply({ cookie, type }: Request): void {
    if (this.#closed) return;
    if (this.#agreed.structured && type === COMMAND.READ) this.#replies.none(cookie);
    else this.#replies.simple(cookie, 0);
    this.#schedule();
  }

  #refuse({ cookie }: { readonly cookie: Cookie }, errno: NbdErrno, why: string): void {
    if (this.#closed) return;
    if (this.#agreed.structured) this.#replies.error(cookie, ERRNO[errno], why);
    else this.#replies.simple(cookie, ERRNO[errno]);
    this.#schedule();
  }

  #begin(lengthBytes: number): void {
    this.#inFlight++;
    this.#inFlightBytes += lengthBytes;
    if (lengthBytes > LARGE_BYTES) this.#largeInFlight++;
  }

  #done(lengthBytes: number): void {
    this.#inFlight--;
    this.#inFlightBytes -= lengthBytes;
    if (lengthBytes > LARGE_BYTES) this.#largeInFlight--;
    if (!this.#closed) return;
    if (this.#largeInFlight === 0) this.#place.close();
    if (this.#inFlight === 0) this.#whenIdle?.();
  }

  #isFull(): boolean {
    const { requests, bytes } = this.#limits();
    if (this.#inFlight >= requests) return true;
    const usedBytes = this.#inFlightBytes + this.#replies.unsentBytes + this.#wire.received.leftBehindBytes;
    return usedBytes >= bytes && (this.#inFlight > 0 || this.#replies.unsentBytes > 0);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#wire.pause();
  }

  #schedule(): void {
    if (this.#flushScheduled || this.#closed) return;
    this.#flushScheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    if (this.#closed) return;
    const sent = this.#largeReply ? this.#sentLarge : this.#sent;
    this.#largeReply = false;
    this.#replies.flush(this.#wire.socket, sent);
    if (this.#paused) this.#parse();
    if (this.#inFlight > 0 || !(this.#ending || this.#draining)) return;
    this.#ending = true;
    this.#wire.end();
  };

  readonly #sent = (): void => {
    if (this.#paused) this.#parse();
  };

  readonly #sentLarge = (): void => {
    this.#place.end();
    this.#sent();
  };
}

type Payload = NonNullable<ReturnType<RequestReader["take"]>>;

const SHUTDOWN = { errno: "ESHUTDOWN", why: "the server is being shut down" } as const;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
