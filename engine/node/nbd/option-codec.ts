import { OPTION_MAGIC, OPTION_REPLY_MAGIC, STRING_BYTES_MAX } from "./protocol.ts";

/** The data of an option, or of a reply to one, does not have the form that it must have. */
export class MalformedOption extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedOption";
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the data of an option or of a reply to one. @throws MalformedOption */
export class OptionReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  /** Text with its length before it. */
  text(): string {
    return this.#decode(this.u32());
  }

  /** All that is left, as text. */
  rest(): string {
    return this.#decode(this.#bytes.length - this.#at);
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new MalformedOption(`${left} bytes are left over`);
  }

  #decode(lengthBytes: number): string {
    if (lengthBytes > STRING_BYTES_MAX) throw new MalformedOption(`a string of ${lengthBytes} bytes`);
    const at = this.#take(lengthBytes);
    try {
      return decoder.decode(this.#bytes.subarray(at, at + lengthBytes));
    } catch {
      throw new MalformedOption("a string is not UTF-8");
    }
  }

  #take(lengthBytes: number): number {
    const at = this.#at;
    if (at + lengthBytes > this.#bytes.length)
      throw new MalformedOption(`expected ${lengthBytes} more bytes, found ${this.#bytes.length - at}`);
    this.#at = at + lengthBytes;
    return at;
  }
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** Text with its length before it. */
export function lengthAndText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** An option as a client sends it. */
export function optionMessage(option: number, data: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(data);
  return Buffer.concat([u64(OPTION_MAGIC), u32(option), u32(body.length), body]);
}

/** A reply to an option as a server sends it. */
export function optionReply(option: number, type: number, data: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(data);
  return Buffer.concat([u64(OPTION_REPLY_MAGIC), u32(option), u32(type), u32(body.length), body]);
}

export interface ExportRequest {
  readonly name: string;
  /** Kinds of information that are asked for. */
  readonly wanted: ReadonlySet<number>;
}

/** Data of `INFO` and `GO`. @throws MalformedOption */
export function readExportRequest(data: Buffer): ExportRequest {
  const reader = new OptionReader(data);
  const name = reader.text();
  const count = reader.u16();
  const wanted = new Set<number>();
  for (let index = 0; index < count; index++) wanted.add(reader.u16());
  reader.end();
  return { name, wanted };
}

export function exportRequest({ name, wanted }: ExportRequest): Buffer[] {
  return [lengthAndText(name), u16(wanted.size), ...[...wanted].map(u16)];
}

export interface ContextRequest {
  readonly name: string;
  readonly queries: readonly string[];
}

/** Data of `LIST_META_CONTEXT` and `SET_META_CONTEXT`. @throws MalformedOption */
export function readContextRequest(data: Buffer): ContextRequest {
  const reader = new OptionReader(data);
  const name = reader.text();
  const count = reader.u32();
  const queries: string[] = [];
  // Each takes four bytes at least, so a count that lies ends soon.
  for (let index = 0; index < count; index++) queries.push(reader.text());
  reader.end();
  return { name, queries };
}

export function contextRequest({ name, queries }: ContextRequest): Buffer[] {
  return [lengthAndText(name), u32(queries.length), ...queries.map(lengthAndText)];
}
