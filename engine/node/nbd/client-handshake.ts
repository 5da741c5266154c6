import { connect as connectTls } from "node:tls";
import { NbdError } from "./nbd-error.ts";
import { contextRequest, exportRequest, MalformedOption, OptionReader, optionMessage, u32 } from "./option-codec.ts";
import {
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_PREFERRED,
  EXPORT_NAME_PADDING_BYTES,
  HANDSHAKE,
  INFO,
  isErrorReply,
  OPTION,
  OPTION_MAGIC,
  OPTION_REPLY_HEADER_BYTES,
  OPTION_REPLY_MAGIC,
  REPLY,
  SERVER_MAGIC,
  TRANSMISSION,
} from "./protocol.ts";
import type { Wire } from "./wire.ts";

/** A reply to an option has no more data than this. */
const REPLY_BYTES_MAX = 64 * 1024;
/** Replies to one option. */
const REPLIES_MAX = 65_536;

export interface NbdClientTls {
  /** PEM. The server must show a certificate of this authority. */
  readonly ca: string;
  /** What this side shows. */
  readonly cert?: string;
  readonly key?: string;
  /** In the server's certificate; its host name by default. */
  readonly serverName?: string;
}

/** What a server said of an export. */
export interface NbdInfo {
  readonly name: string;
  readonly description: string | undefined;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly canFlush: boolean;
  readonly canFua: boolean;
  readonly canTrim: boolean;
  readonly canWriteZeroes: boolean;
  readonly canFastZero: boolean;
  readonly canCache: boolean;
  readonly canMultiConn: boolean;
  readonly structured: boolean;
  /** Requests must be multiples of it. */
  readonly blockBytesMin: number;
  readonly blockBytesPreferred: number;
  readonly blockBytesMax: number;
  /** Names of the selected contexts, by identifier. */
  readonly contexts: ReadonlyMap<number, string>;
}

export interface ClientHandshakeOptions {
  readonly wire: Wire;
  /** For errors. */
  readonly address: string;
  readonly hostName: string;
  readonly tls?: NbdClientTls;
}

interface OptionReply {
  readonly type: number;
  readonly data: Buffer;
}

/** The first phase of a connection, as the client sees it. */
export class ClientHandshake {
  readonly #wire: Wire;
  readonly #address: string;
  readonly #hostName: string;
  readonly #tls: NbdClientTls | undefined;
  #noZeroes = false;

  constructor({ wire, address, hostName, tls }: ClientHandshakeOptions) {
    this.#wire = wire;
    this.#address = address;
    this.#hostName = hostName;
    this.#tls = tls;
  }

  /** @throws NbdError NBD_PROTOCOL, NBD_REFUSED, NBD_TLS; WireClosed, as all of these */
  async begin(): Promise<void> {
    const greeting = await this.#wire.take(18);
    if (greeting.readBigUInt64BE() !== SERVER_MAGIC) throw this.#protocol(greeting.toString("hex"), "NBDMAGIC");
    if (greeting.readBigUInt64BE(8) !== OPTION_MAGIC)
      throw this.#protocol("the oldstyle negotiation", "the fixed newstyle negotiation");
    const flags = greeting.readUInt16BE(16);
    if ((flags & HANDSHAKE.FIXED_NEWSTYLE) === 0)
      throw this.#protocol("the newstyle negotiation", "the fixed newstyle negotiation");
    this.#noZeroes = (flags & HANDSHAKE.NO_ZEROES) !== 0;
    await this.#wire.send(u32(flags & (HANDSHAKE.FIXED_NEWSTYLE | HANDSHAKE.NO_ZEROES)));
    if (this.#tls !== undefined) await this.#startTls(this.#tls);
  }

  /** The names of all exports. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    for (const { data } of await this.#ask(OPTION.LIST, [])) names.push(this.#read(data, (reader) => reader.text()));
    return names;
  }

  async abort(): Promise<void> {
    await this.#wire.send(optionMessage(OPTION.ABORT, []));
  }

  /** Chooses an export; the second phase follows. */
  async go(name: string, contextNames: readonly string[]): Promise<NbdInfo> {
    const structured = await this.#isGranted(OPTION.STRUCTURED_REPLY, []);
    const contexts = structured ? await this.#select(name, contextNames) : new Map<number, string>();
    const wanted = new Set([INFO.NAME, INFO.DESCRIPTION, INFO.BLOCK_SIZE]);
    const replies = await this.#tryAsk(OPTION.GO, exportRequest({ name, wanted }));
    if (replies === undefined) return this.#exportName(name, structured, contexts);
    let info: NbdInfo | undefined;
    const about = { name, description: undefined as string | undefined };
    let blockBytes: readonly [min: number, preferred: number, max: number] = [
      1,
      BLOCK_BYTES_PREFERRED,
      BLOCK_BYTES_MAX,
    ];
    for (const { type, data } of replies) {
      if (type !== REPLY.INFO) throw this.#protocol(`reply ${type} to GO`, "information on the export");
      this.#read(data, (reader) => {
        const kind = reader.u16();
        if (kind === INFO.NAME) about.name = reader.rest();
        else if (kind === INFO.DESCRIPTION) about.description = reader.rest();
        else if (kind === INFO.BLOCK_SIZE) blockBytes = [reader.u32(), reader.u32(), reader.u32()];
        else if (kind === INFO.EXPORT) info = this.#info(name, reader.u64(), reader.u16(), structured, contexts);
      });
    }
    if (info === undefined) throw this.#protocol("no size", "the size of the export");
    const [blockBytesMin, blockBytesPreferred, blockBytesMax] = blockBytes;
    if (blockBytesMin < 1 || blockBytesMax < blockBytesMin) throw this.#protocol(blockBytes.join(), "sizes of blocks");
    return { ...info, ...about, blockBytesMin, blockBytesPreferred, blockBytesMax };
  }

  async #exportName(name: string, structured: boolean, contexts: ReadonlyMap<number, string>): Promise<NbdInfo> {
    await this.#wire.send(optionMessage(OPTION.EXPORT_NAME, [Buffer.from(name)]));
    const answer = await this.#wire.take(10 + (this.#noZeroes ? 0 : EXPORT_NAME_PADDING_BYTES));
    return this.#info(name, answer.readBigUInt64BE(), answer.readUInt16BE(8), structured, contexts);
  }

  #info(
    name: string,
    sizeBytes: bigint,
    flags: number,
    structured: boolean,
    contexts: ReadonlyMap<number, string>,
  ): NbdInfo {
    if (sizeBytes > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#protocol(`${sizeBytes} bytes`, "at most 2^53");
    const has = (flag: number): boolean => (flags & flag) !== 0;
    return {
      name,
      description: undefined,
      sizeBytes: Number(sizeBytes),
      readOnly: has(TRANSMISSION.READ_ONLY),
      canFlush: has(TRANSMISSION.SEND_FLUSH),
      canFua: has(TRANSMISSION.SEND_FUA),
      canTrim: has(TRANSMISSION.SEND_TRIM),
      canWriteZeroes: has(TRANSMISSION.SEND_WRITE_ZEROES),
      canFastZero: has(TRANSMISSION.SEND_FAST_ZERO),
      canCache: has(TRANSMISSION.SEND_CACHE),
      canMultiConn: has(TRANSMISSION.CAN_MULTI_CONN),
      structured,
      blockBytesMin: 1,
      blockBytesPreferred: BLOCK_BYTES_PREFERRED,
      blockBytesMax: BLOCK_BYTES_MAX,
      contexts,
    };
  }

  async #select(name: string, queries: readonly string[]): Promise<ReadonlyMap<number, string>> {
    const selected = new Map<number, string>();
    if (queries.length === 0) return selected;
    const replies = await this.#tryAsk(OPTION.SET_META_CONTEXT, contextRequest({ name, queries }));
    for (const { data } of replies ?? [])
      this.#read(data, (reader) => {
        selected.set(reader.u32(), reader.rest());
      });
    return selected;
  }

  async #startTls({ ca, cert, key, serverName }: NbdClientTls): Promise<void> {
    if (!(await this.#isGranted(OPTION.STARTTLS, [])))
      throw new NbdError("NBD_TLS", { address: this.#address, why: "the server has no TLS" });
    if (this.#wire.received.unread > 0) throw this.#protocol("bytes in the clear behind STARTTLS", "nothing");
    try {
      await this.#wire.upgrade(
        (raw) =>
          new Promise((resolve, reject) => {
            const secured = connectTls({
              socket: raw,
              ca,
              servername: serverName ?? this.#hostName,
              minVersion: "TLSv1.2",
              ...(cert === undefined || key === undefined ? {} : { cert, key }),
            });
            secured.once("error", reject);
            // Not before the server's certificate was judged, as `secure` would be.
            secured.once("secureConnect", () => {
              secured.off("error", reject);
              resolve(secured);
            });
          }),
      );
    } catch (error) {
      throw new NbdError("NBD_TLS", { address: this.#address, why: messageOf(error) }, error);
    }
  }

  /** False if the server does not know the option. */
  async #isGranted(option: number, data: readonly Uint8Array[]): Promise<boolean> {
    return (await this.#tryAsk(option, data)) !== undefined;
  }

  async #ask(option: number, data: readonly Uint8Array[]): Promise<OptionReply[]> {
    const replies = await this.#tryAsk(option, data);
    if (replies === undefined)
      throw new NbdError("NBD_REFUSED", {
        address: this.#address,
        option: nameOf(OPTION, option),
        reply: "ERR_UNSUP",
        message: "",
      });
    return replies;
  }

  /** @returns what came before the acknowledgement, or nothing if the server does not know the option */
  async #tryAsk(option: number, data: readonly Uint8Array[]): Promise<OptionReply[] | undefined> {
    await this.#wire.send(optionMessage(option, data));
    const replies: OptionReply[] = [];
    while (replies.length < REPLIES_MAX) {
      const header = await this.#wire.take(OPTION_REPLY_HEADER_BYTES);
      const lengthBytes = header.readUInt32BE(16);
      if (header.readBigUInt64BE() !== OPTION_REPLY_MAGIC || header.readUInt32BE(8) !== option)
        throw this.#protocol(header.toString("hex"), `a reply to option ${option}`);
      if (lengthBytes > REPLY_BYTES_MAX) throw this.#protocol(`a reply of ${lengthBytes} bytes`, `${REPLY_BYTES_MAX}`);
      const type = header.readUInt32BE(12);
      const body = await this.#wire.take(lengthBytes);
      if (type === REPLY.ACK) return replies;
      const mayLack = option === OPTION.STARTTLS && type === REPLY.ERR_POLICY;
      if (type === REPLY.ERR_UNSUP || mayLack) return undefined;
      if (isErrorReply(type))
        throw new NbdError("NBD_REFUSED", {
          address: this.#address,
          option: nameOf(OPTION, option),
          reply: nameOf(REPLY, type),
          message: body.toString("utf8"),
        });
      replies.push({ type, data: body });
    }
    throw this.#protocol(`more than ${REPLIES_MAX} replies to one option`, "an end of them");
  }

  #read<T>(data: Buffer, read: (reader: OptionReader) => T): T {
    try {
      return read(new OptionReader(data));
    } catch (error) {
      if (error instanceof MalformedOption) throw this.#protocol(error.message, "a whole reply");
      throw error;
    }
  }

  #protocol(found: string, expected: string): NbdError {
    return new NbdError("NBD_PROTOCOL", { address: this.#address, found, expected });
  }
}

function nameOf(numbers: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(numbers).find(([, candidate]) => candidate === value)?.[0] ?? String(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
