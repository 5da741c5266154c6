import { connect } from "node:net";
import { ClientHandshake, type NbdInfo } from "./client-handshake.ts";
import { optionMessage } from "./option-codec.ts";
import { OPTION_REPLY_HEADER_BYTES, REQUEST_HEADER_BYTES, SIMPLE_REPLY_BYTES } from "./protocol.ts";
import type { NbdAddress } from "./server.ts";
import { SlabPool } from "./slab.ts";
import { Wire } from "./wire.ts";

/** A client that says what it likes, for tests of what the server does about it. */
export class RawClient {
  readonly wire: Wire;
  /** Settles when the server has closed the connection. */
  readonly closed: Promise<void>;
  readonly #handshake: ClientHandshake;

  constructor(address: NbdAddress) {
    this.wire = new Wire(new SlabPool(0), (onread) => connect({ ...address, onread, allowHalfOpen: true }));
    this.closed = new Promise((resolve) => {
      this.wire.onClosed = () => resolve();
      this.wire.onEnd = () => this.wire.drop();
    });
    this.#handshake = new ClientHandshake({ wire: this.wire, address: "raw", hostName: address.host });
  }

  /** Reads the greeting and answers it. */
  async begin(): Promise<this> {
    await this.#handshake.begin();
    return this;
  }

  /** With structured replies. */
  async go(name: string): Promise<NbdInfo> {
    await this.begin();
    return this.#handshake.go(name, []);
  }

  send(...parts: readonly Uint8Array[]): Promise<void> {
    return this.wire.send(...parts);
  }

  /** Sends an option. @returns the type of the reply to it, and its data */
  async option(
    option: number,
    ...data: readonly Uint8Array[]
  ): Promise<{ readonly type: number; readonly data: string }> {
    await this.send(optionMessage(option, data));
    const header = await this.wire.take(OPTION_REPLY_HEADER_BYTES);
    const body = await this.wire.take(header.readUInt32BE(16));
    return { type: header.readUInt32BE(12), data: body.toString("utf8") };
  }

  /** The error number of the next reply, which is a simple one. */
  async simpleReply(): Promise<number> {
    const reply = await this.wire.take(SIMPLE_REPLY_BYTES);
    return reply.readUInt32BE(4);
  }

  /** The error number of the next reply, which is a chunk with an error and a message. */
  async errorChunk(): Promise<number> {
    const header = await this.wire.take(20);
    const payload = await this.wire.take(header.readUInt32BE(16));
    return payload.readUInt32BE();
  }
}

export interface RawRequest {
  readonly type: number;
  readonly cookie?: number;
  readonly flags?: number;
  readonly offsetBytes?: number;
  readonly lengthBytes?: number;
}

export function rawRequest({ type, cookie = 1, flags = 0, offsetBytes = 0, lengthBytes = 0 }: RawRequest): Buffer {
  const bytes = Buffer.alloc(REQUEST_HEADER_BYTES);
  bytes.writeUInt32BE(0x25609513, 0);
  bytes.writeUInt16BE(flags, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeBigUInt64BE(BigInt(cookie), 8);
  bytes.writeBigUInt64BE(BigInt(offsetBytes), 16);
  bytes.writeUInt32BE(lengthBytes, 24);
  return bytes;
}
