import { contextsOf, matching } from "./block-status.ts";
import type { NbdContext, NbdExport, NbdExports } from "./nbd-export.ts";
import {
  lengthAndText,
  MalformedOption,
  OptionReader,
  optionReply,
  readContextRequest,
  readExportRequest,
  u16,
  u32,
  u64,
} from "./option-codec.ts";
import {
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  BLOCK_BYTES_PREFERRED,
  EXPORT_NAME_PADDING_BYTES,
  HANDSHAKE,
  INFO,
  OPTION,
  OPTION_HEADER_BYTES,
  OPTION_MAGIC,
  REPLY,
  SERVER_MAGIC,
} from "./protocol.ts";
import { transmissionFlags } from "./transmission-flags.ts";
import type { Wire } from "./wire.ts";

/** Data of an option beyond this is not taken in. */
const OPTION_BYTES_MAX = 64 * 1024;
/** And an option that announces more than this is an attack, or garbage. */
const OPTION_SKIPPED_BYTES_MAX = 1024 * 1024;
const OPTIONS_MAX = 4096;

/** The client broke the protocol so that nothing can be said to it any more. */
export class HandshakeViolation extends Error {
  constructor(why: string) {
    super(why);
    this.name = "HandshakeViolation";
  }
}

export interface HandshakeOptions {
  readonly wire: Wire;
  readonly exports: NbdExports;
  /** Upgrades to TLS; without it the server has none. */
  readonly startTls?: () => Promise<void>;
  readonly tlsRequired: boolean;
  readonly isDraining: () => boolean;
}

/** What the client chose. */
export interface Chosen {
  readonly target: NbdExport;
  readonly structured: boolean;
  readonly contexts: ReadonlyMap<number, NbdContext>;
}

/**
 * The first phase of a connection, as the server sees it: fixed newstyle negotiation. What the
 * client asked for is all kept here, so TLS begins with nothing of it.
 */
export class ServerHandshake {
  readonly #wire: Wire;
  readonly #exports: NbdExports;
  readonly #startTls: (() => Promise<void>) | undefined;
  readonly #tlsRequired: boolean;
  readonly #isDraining: () => boolean;
  #noZeroes = false;
  #secure = false;
  #structured = false;
  #selected: { readonly name: string; readonly contexts: ReadonlyMap<number, NbdContext> } | undefined;

  constructor({ wire, exports, startTls, tlsRequired, isDraining }: HandshakeOptions) {
    this.#wire = wire;
    this.#exports = exports;
    this.#startTls = startTls;
    this.#tlsRequired = tlsRequired;
    this.#isDraining = isDraining;
  }

  /**
   * @returns what the client chose; nothing if it left
   * @throws HandshakeViolation, WireClosed
   */
  async run(): Promise<Chosen | undefined> {
    const flags = HANDSHAKE.FIXED_NEWSTYLE | HANDSHAKE.NO_ZEROES;
    await this.#wire.send(u64(SERVER_MAGIC), u64(OPTION_MAGIC), u16(flags));
    const clientFlags = (await this.#wire.take(4)).readUInt32BE();
    if ((clientFlags & ~flags) !== 0) throw new HandshakeViolation(`unknown client flags ${clientFlags}`);
    this.#noZeroes = (clientFlags & HANDSHAKE.NO_ZEROES) !== 0;
    for (let count = 0; count < OPTIONS_MAX; count++) {
      const header = await this.#wire.take(OPTION_HEADER_BYTES);
      if (header.readBigUInt64BE() !== OPTION_MAGIC) throw new HandshakeViolation("an option does not begin as one");
      const option = header.readUInt32BE(8);
      const data = await this.#data(option, header.readUInt32BE(12));
      if (data === undefined) continue;
      if (option === OPTION.ABORT) {
        await this.#say(option, REPLY.ACK);
        return undefined;
      }
      const chosen = await this.#option(option, data);
      if (chosen !== undefined) return chosen;
    }
    throw new HandshakeViolation(`more than ${OPTIONS_MAX} options`);
  }

  async #data(option: number, lengthBytes: number): Promise<Buffer | undefined> {
    if (lengthBytes <= OPTION_BYTES_MAX) return this.#wire.take(lengthBytes);
    if (lengthBytes > OPTION_SKIPPED_BYTES_MAX || option === OPTION.EXPORT_NAME)
      throw new HandshakeViolation(`an option of ${lengthBytes} bytes`);
    await this.#wire.skip(lengthBytes);
    await this.#say(option, REPLY.ERR_TOO_BIG, `an option has ${OPTION_BYTES_MAX} bytes at most`);
    return undefined;
  }

  async #option(option: number, data: Buffer): Promise<Chosen | undefined> {
    if (this.#tlsRequired && !this.#secure && option !== OPTION.STARTTLS) {
      if (option === OPTION.EXPORT_NAME) throw new HandshakeViolation("an export was asked for without TLS");
      await this.#say(option, REPLY.ERR_TLS_REQD, "begin TLS first");
      return undefined;
    }
    if (this.#isDraining()) {
      if (option === OPTION.EXPORT_NAME) throw new HandshakeViolation("the server is being shut down");
      await this.#say(option, REPLY.ERR_SHUTDOWN, "the server is being shut down");
      return undefined;
    }
    try {
      return await this.#known(option, data);
    } catch (error) {
      if (!(error instanceof MalformedOption)) throw error;
      if (option === OPTION.EXPORT_NAME) throw new HandshakeViolation(error.message);
      await this.#say(option, REPLY.ERR_INVALID, error.message);
      return undefined;
    }
  }

  async #known(option: number, data: Buffer): Promise<Chosen | undefined> {
    switch (option) {
      case OPTION.EXPORT_NAME:
        return this.#exportName(data);
      case OPTION.INFO:
      case OPTION.GO:
        return this.#go(option, data);
      case OPTION.LIST:
        await this.#list(data);
        return undefined;
      case OPTION.STARTTLS:
        await this.#beginTls(data);
        return undefined;
      case OPTION.STRUCTURED_REPLY:
        new OptionReader(data).end();
        this.#structured = true;
        await this.#say(option, REPLY.ACK);
        return undefined;
      case OPTION.LIST_META_CONTEXT:
      case OPTION.SET_META_CONTEXT:
        await this.#metaContext(option, data);
        return undefined;
      default:
        await this.#say(option, REPLY.ERR_UNSUP, `option ${option} is not known here`);
        return undefined;
    }
  }

  async #exportName(data: Buffer): Promise<Chosen> {
    const name = new OptionReader(data).rest();
    const target = this.#exports.find(name);
    if (target === undefined) throw new HandshakeViolation(`an export that is not there was asked for: ${name}`);
    const padding = new Uint8Array(this.#noZeroes ? 0 : EXPORT_NAME_PADDING_BYTES);
    const flags = transmissionFlags(target, this.#structured);
    await this.#wire.send(u64(BigInt(target.sizeBytes)), u16(flags), padding);
    return this.#chosen(name, target);
  }

  async #go(option: number, data: Buffer): Promise<Chosen | undefined> {
    const { name, wanted } = readExportRequest(data);
    const target = this.#exports.find(name);
    if (target === undefined) {
      await this.#say(option, REPLY.ERR_UNKNOWN, `there is no export ${name}`);
      return undefined;
    }
    const flags = transmissionFlags(target, this.#structured);
    const infos = [[u16(INFO.EXPORT), u64(BigInt(target.sizeBytes)), u16(flags)]];
    if (wanted.has(INFO.NAME)) infos.push([u16(INFO.NAME), Buffer.from(target.name)]);
    if (wanted.has(INFO.DESCRIPTION) && target.description !== undefined)
      infos.push([u16(INFO.DESCRIPTION), Buffer.from(target.description)]);
    if (wanted.has(INFO.BLOCK_SIZE))
      infos.push([u16(INFO.BLOCK_SIZE), u32(BLOCK_BYTES_MIN), u32(BLOCK_BYTES_PREFERRED), u32(BLOCK_BYTES_MAX)]);
    const replies = infos.map((info) => optionReply(option, REPLY.INFO, info));
    await this.#wire.send(...replies, optionReply(option, REPLY.ACK, []));
    return option === OPTION.GO ? this.#chosen(name, target) : undefined;
  }

  #chosen(name: string, target: NbdExport): Chosen {
    const selected = this.#selected;
    const contexts = selected?.name === name ? selected.contexts : new Map<number, NbdContext>();
    return { target, structured: this.#structured, contexts };
  }

  async #list(data: Buffer): Promise<void> {
    new OptionReader(data).end();
    for (const { name, description } of this.#exports.exports()) {
      const about = Buffer.from(description ?? "");
      await this.#wire.send(optionReply(OPTION.LIST, REPLY.SERVER, [lengthAndText(name), about]));
    }
    await this.#say(OPTION.LIST, REPLY.ACK);
  }

  async #beginTls(data: Buffer): Promise<void> {
    new OptionReader(data).end();
    if (this.#secure) throw new MalformedOption("TLS has begun already");
    const startTls = this.#startTls;
    if (startTls === undefined) {
      await this.#say(OPTION.STARTTLS, REPLY.ERR_POLICY, "this server has no TLS");
      return;
    }
    // What follows in the clear was not said by whom the client trusts: it must not count as said inside TLS.
    if (this.#wire.received.unread > 0) throw new HandshakeViolation("options behind STARTTLS were sent in the clear");
    await this.#say(OPTION.STARTTLS, REPLY.ACK);
    try {
      await startTls();
    } catch (error) {
      throw new HandshakeViolation(`no TLS: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#secure = true;
    this.#structured = false;
    this.#selected = undefined;
  }

  async #metaContext(option: number, data: Buffer): Promise<void> {
    const isSet = option === OPTION.SET_META_CONTEXT;
    if (isSet) this.#selected = undefined;
    const { name, queries } = readContextRequest(data);
    if (isSet && !this.#structured) throw new MalformedOption("ask for structured replies first");
    const target = this.#exports.find(name);
    if (target === undefined) return this.#say(option, REPLY.ERR_UNKNOWN, `there is no export ${name}`);
    const all = contextsOf(target);
    const found = new Set<NbdContext>();
    for (const query of queries) {
      if (!query.includes(":")) throw new MalformedOption(`a query without a namespace: ${query}`);
      for (const context of matching(all, query, !isSet)) found.add(context);
    }
    const selected = !isSet && queries.length === 0 ? all : [...found];
    const contexts = new Map(selected.map((context, index) => [isSet ? index + 1 : 0, context]));
    if (isSet) this.#selected = { name, contexts };
    const replies = selected.map((context, index) =>
      optionReply(option, REPLY.META_CONTEXT, [u32(isSet ? index + 1 : 0), Buffer.from(context.name)]),
    );
    await this.#wire.send(...replies, optionReply(option, REPLY.ACK, []));
  }

  async #say(option: number, type: number, message = ""): Promise<void> {
    await this.#wire.send(optionReply(option, type, [Buffer.from(message)]));
  }
}
