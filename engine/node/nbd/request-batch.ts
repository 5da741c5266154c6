import { OutBatch } from "./out-batch.ts";
import { REQUEST_HEADER_BYTES, REQUEST_MAGIC } from "./protocol.ts";
import type { Request } from "./request.ts";

/** Requests as a client sends them ("Request message"). */
export class RequestBatch extends OutBatch {
  /** The payload of a write follows. */
  request({ cookie, flags, type, offsetBytes, lengthBytes }: Request): void {
    const at = this.room(REQUEST_HEADER_BYTES);
    const { bytes } = this;
    bytes.writeUInt32BE(REQUEST_MAGIC, at);
    bytes.writeUInt16BE(flags, at + 4);
    bytes.writeUInt16BE(type, at + 6);
    bytes.writeUInt32BE(cookie.high, at + 8);
    bytes.writeUInt32BE(cookie.low, at + 12);
    bytes.writeUInt32BE(Math.floor(offsetBytes / 0x1_0000_0000), at + 16);
    bytes.writeUInt32BE(offsetBytes % 0x1_0000_0000, at + 20);
    bytes.writeUInt32BE(lengthBytes, at + 24);
  }
}
