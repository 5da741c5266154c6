import { assert } from "../../assert.ts";
import { ownBytes } from "../plain-bytes.ts";
import type { NbdInfo } from "./client-handshake.ts";
import { addressOf, connectedBy, type NbdClientOptions } from "./connect-client.ts";
import { NbdError } from "./nbd-error.ts";
import type { NbdExtent } from "./nbd-export.ts";
import { Coverage, type PendingRequest } from "./pending-request.ts";
import { BLOCK_BYTES_MAX, COMMAND, COMMAND_FLAG, errnoName } from "./protocol.ts";
import { ReplyParser, ReplyViolation } from "./reply-parser.ts";
import type { Request } from "./request.ts";
import { RequestBatch } from "./request-batch.ts";
import type { SlabPool } from "./slab.ts";
import type { Wire } from "./wire.ts";

export type { NbdClientOptions, NbdInfo };

/** Requests that wait for their turn; more get NBD_BUSY. */
const WAITING_MAX = 16_384;
/** A server that was told goodbye closes within this time. */
const GOODBYE_MS = 2000;

export interface NbdWrite {
  /** Durable on completion. A server that has no FUA is asked to flush. */
  readonly fua?: boolean;
}

export interface NbdWriteZeroes extends NbdWrite {
  /** Space must stay allocated. */
  readonly noHole?: boolean;
  /** Refused with ENOTSUP unless it is faster than writing zeros. */
  readonly fastZero?: boolean;
}

/**
 * A connection to one export of an NBD server. Requests are pipelined; they are answered in any
 * order, and of two that overlap the caller waits for the first. Those that are begun in one turn
 * of the event loop go out in one write.
 *
 * When the connection is lost every request fails with NBD_LOST, and so does every later one: a
 * client does not connect again by itself, since nobody but its user knows what that means.
 */
export class NbdClient {
  readonly info: NbdInfo;
  /** `host:port/name`, for messages. */
  readonly address: string;
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #wire: Wire;
  readonly #out: RequestBatch;
  readonly #parser: ReplyParser;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #waiting: { readonly bytes: number; readonly go: () => void; readonly fail: (error: Error) => void }[] = [];
  readonly #requestsMax: number;
  readonly #bytesMax: number;
  #inFlightBytes = 0;
  #nextCookie = 0;
  #flushScheduled = false;
  /** Why no request can be made any more. */
  #lostWhy: string | undefined;
  #whenIdle: (() => void) | undefined;

  /** @throws NbdError NBD_UNREACHABLE, NBD_TIMEOUT, NBD_PROTOCOL, NBD_REFUSED, NBD_TLS, NBD_LOST */
  static async connect(options: NbdClientOptions): Promise<NbdClient> {
    const name = options.exportName ?? "";
    return connectedBy(options, async (steps, wire, pool) => {
      const info = await steps.go(name, options.contexts ?? []);
      return new NbdClient(options, info, wire, pool);
    });
  }

  /** The names of the exports of a server. @throws NbdError as {@link connect} */
  static async list(options: Omit<NbdClientOptions, "exportName" | "contexts">): Promise<string[]> {
    return connectedBy(options, async (steps, wire) => {
      const names = await steps.list();
      await steps.abort();
      wire.end();
      return names;
    });
  }

  private constructor(options: NbdClientOptions, info: NbdInfo, wire: Wire, pool: SlabPool) {
    this.info = info;
    this.address = addressOf(options);
    this.#wire = wire;
    this.#out = new RequestBatch(pool);
    this.#requestsMax = options.requestsMax ?? 128;
    this.#bytesMax = options.bytesMax ?? 32 * 1024 * 1024;
    this.#parser = new ReplyParser(wire.received, info.structured, this.#pending, (pending) => this.#done(pending));
    this.closed = new Promise((resolve) => {
      wire.onClosed = (why) => {
        this.#lose(why);
        this.#out.close();
        resolve();
      };
    });
    wire.onEnd = () => {
      this.#lose("the server closed the connection");
      wire.end();
    };
    wire.onBytes = () => this.#parse();
    const { answerTimeoutMs } = options;
    if (answerTimeoutMs !== undefined) wire.socket.setTimeout(answerTimeoutMs, () => this.#silence(answerTimeoutMs));
    wire.resume();
    this.#parse();
  }

  /** @throws NbdError NBD_FAILED, NBD_LOST, NBD_BUSY, as all requests */
  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const into = ownBytes(lengthBytes);
    await this.#pieces(lengthBytes, (at, length) =>
      this.#request(COMMAND.READ, 0, offsetBytes + at, length, { into: into.subarray(at, at + length) }),
    );
    return into;
  }

  /** `data` stays as it is until this settles. */
  async write(offsetBytes: number, data: Uint8Array, { fua = false }: NbdWrite = {}): Promise<void> {
    await this.#pieces(data.length, (at, length) =>
      this.#request(COMMAND.WRITE, this.#fua(fua), offsetBytes + at, length, { data: data.subarray(at, at + length) }),
    );
    await this.#durable(fua);
  }

  /** Of a server that says it has nothing to flush: nothing. */
  async flush(): Promise<void> {
    if (this.info.canFlush) await this.#request(COMMAND.FLUSH, 0, 0, 0);
  }

  /** A hint. @throws NbdError NBD_UNSUPPORTED besides */
  async trim(offsetBytes: number, lengthBytes: number, { fua = false }: NbdWrite = {}): Promise<void> {
    if (!this.info.canTrim) throw this.#unsupported("TRIM");
    await this.#request(COMMAND.TRIM, this.#fua(fua), offsetBytes, lengthBytes);
    await this.#durable(fua);
  }

  /** @throws NbdError NBD_UNSUPPORTED besides */
  async writeZeroes(offsetBytes: number, lengthBytes: number, options: NbdWriteZeroes = {}): Promise<void> {
    const { fua = false, noHole = false, fastZero = false } = options;
    if (!this.info.canWriteZeroes || (fastZero && !this.info.canFastZero)) throw this.#unsupported("WRITE_ZEROES");
    const flags = this.#fua(fua) | (noHole ? COMMAND_FLAG.NO_HOLE : 0) | (fastZero ? COMMAND_FLAG.FAST_ZERO : 0);
    await this.#pieces(lengthBytes, (at, length) =>
      this.#request(COMMAND.WRITE_ZEROES, flags, offsetBytes + at, length),
    );
    await this.#durable(fua);
  }

  /** A hint that the range will be read. */
  async cache(offsetBytes: number, lengthBytes: number): Promise<void> {
    if (this.info.canCache) await this.#request(COMMAND.CACHE, 0, offsetBytes, lengthBytes);
  }

  /**
   * What the selected contexts say from `offsetBytes` on, by the name of the context. The server may
   * tell of less than was asked for, and of more.
   * @throws NbdError NBD_UNSUPPORTED besides: no context was selected
   */
  async blockStatus(offsetBytes: number, lengthBytes: number): Promise<ReadonlyMap<string, readonly NbdExtent[]>> {
    if (this.info.contexts.size === 0) throw this.#unsupported("BLOCK_STATUS");
    const found = await this.#request(COMMAND.BLOCK_STATUS, 0, offsetBytes, lengthBytes);
    return new Map([...found].map(([id, extents]) => [this.info.contexts.get(id) ?? String(id), extents]));
  }

  /** Waits for what is under way, says goodbye and closes. */
  async disconnect(): Promise<void> {
    if (this.#lostWhy !== undefined) return this.closed;
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
    this.#lostWhy = "the client disconnected";
    if (this.#pending.size + this.#waiting.length === 0) this.#whenIdle?.();
    await idle;
    this.#send(COMMAND.DISC, 0, 0, 0, undefined);
    this.#flush();
    this.#wire.end();
    const timer = setTimeout(() => this.#wire.drop(), GOODBYE_MS);
    await this.closed;
    clearTimeout(timer);
  }

  /** Breaks the connection off. */
  destroy(): void {
    this.#lose("the client broke the connection off");
    this.#wire.drop();
  }

  async #pieces(lengthBytes: number, request: (at: number, lengthBytes: number) => Promise<unknown>): Promise<void> {
    const { blockBytesMin, blockBytesMax } = this.info;
    const most = Math.min(blockBytesMax, BLOCK_BYTES_MAX);
    if (lengthBytes <= most) {
      await request(0, lengthBytes);
      return;
    }
    const piece = most - (most % blockBytesMin);
    const all: Promise<unknown>[] = [];
    for (let at = 0; at < lengthBytes; at += piece) all.push(request(at, Math.min(piece, lengthBytes - at)));
    // A caller that is told of a failure may use its buffer again: nothing may still be sent from it.
    const failed = (await Promise.allSettled(all)).find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #fua(fua: boolean): number {
    return fua && this.info.canFua ? COMMAND_FLAG.FUA : 0;
  }

  async #durable(fua: boolean): Promise<void> {
    if (fua && !this.info.canFua) await this.flush();
  }

  #request(
    type: number,
    flags: number,
    offsetBytes: number,
    lengthBytes: number,
    payload: { readonly into?: Uint8Array; readonly data?: Uint8Array } = {},
  ): Promise<ReadonlyMap<number, readonly NbdExtent[]>> {
    return new Promise((resolve, reject) => {
      if (this.#lostWhy !== undefined) return reject(this.#lost(this.#lostWhy));
      const bytes = payload.into === undefined && payload.data === undefined ? 0 : lengthBytes;
      const go = (): void => {
        this.#inFlightBytes += bytes;
        const extents = new Map<number, readonly NbdExtent[]>();
        const request = this.#send(type, flags, offsetBytes, lengthBytes, payload.data);
        this.#pending.set(request.cookie.low, {
          request,
          into: payload.into,
          coverage: new Coverage(),
          extents,
          fault: undefined,
          resolve: () => resolve(extents),
          reject,
        });
      };
      if (this.#waiting.length === 0 && this.#hasRoom(bytes)) go();
      else if (this.#waiting.length >= WAITING_MAX)
        reject(new NbdError("NBD_BUSY", { address: this.address, waiting: this.#waiting.length }));
      else this.#waiting.push({ bytes, go, fail: reject });
    });
  }

  #hasRoom(bytes: number): boolean {
    if (this.#pending.size === 0) return true;
    return this.#pending.size < this.#requestsMax && this.#inFlightBytes + bytes <= this.#bytesMax;
  }

  #send(type: number, flags: number, offsetBytes: number, lengthBytes: number, data: Uint8Array | undefined): Request {
    const low = this.#freeCookie();
    const request = { cookie: { high: 0, low }, type, flags, offsetBytes, lengthBytes };
    this.#out.request(request);
    if (data !== undefined) this.#out.payload(data);
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(this.#flush);
    }
    return request;
  }

  #freeCookie(): number {
    do this.#nextCookie = (this.#nextCookie + 1) % 0x1_0000_0000;
    while (this.#pending.has(this.#nextCookie));
    return this.#nextCookie;
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    if (!this.#wire.closed) this.#out.flush(this.#wire.socket, () => {});
  };

  #parse(): void {
    try {
      this.#parser.parse();
    } catch (error) {
      if (!(error instanceof ReplyViolation)) throw error;
      this.#lose(`the server broke the protocol: ${error.message}`);
      this.#wire.drop();
    }
  }

  #done(pending: PendingRequest): void {
    const { request, fault } = pending;
    this.#forget(pending);
    if (fault === undefined) pending.resolve();
    else {
      pending.reject(
        new NbdError("NBD_FAILED", {
          address: this.address,
          command: COMMAND_NAMES.get(request.type) ?? String(request.type),
          offsetBytes: request.offsetBytes,
          lengthBytes: request.lengthBytes,
          errno: errnoName(fault.errno),
          message: fault.message,
        }),
      );
      // A server that shuts down is to be told goodbye ("Terminating the transmission phase").
      if (errnoName(fault.errno) === "ESHUTDOWN") void this.disconnect();
    }
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.go();
    }
    if (this.#pending.size === 0) this.#whenIdle?.();
  }

  #forget({ request, into }: PendingRequest): void {
    const was = this.#pending.delete(request.cookie.low);
    assert(was, "a request is answered once");
    if (into !== undefined || request.type === COMMAND.WRITE) this.#inFlightBytes -= request.lengthBytes;
  }

  /** Nobody will answer any more. */
  #lose(why: string): void {
    this.#lostWhy ??= why;
    for (const pending of this.#pending.values()) pending.reject(this.#lost(why));
    this.#pending.clear();
    for (const { fail } of this.#waiting.splice(0)) fail(this.#lost(why));
    this.#inFlightBytes = 0;
    this.#whenIdle?.();
  }

  #silence(timeoutMs: number): void {
    if (this.#pending.size === 0) return;
    this.#lose(`nothing was heard for ${timeoutMs} ms`);
    this.#wire.drop();
  }

  #lost(why: string): NbdError {
    return new NbdError("NBD_LOST", { address: this.address, why });
  }

  #unsupported(command: string): NbdError {
    return new NbdError("NBD_UNSUPPORTED", { address: this.address, command });
  }
}

const COMMAND_NAMES = new Map<number, string>(Object.entries(COMMAND).map(([name, code]) => [code, name]));
