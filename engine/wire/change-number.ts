import type { ChangeNumber } from "../volume/update.ts";
import { ByteReader, ByteWriter } from "./byte-codec.ts";
import { PAYLOAD_BYTES_MAX } from "./frame.ts";

/** Frame flag: the payload begins with the change's number in the journal of the sender (JR-5). */
export const FLAG_NUMBERED = 2;
const NUMBER_BYTES = 12;

/** The payload with the number before it; `undefined` if there is no room for it. */
export function numberedPayload(number: ChangeNumber, payload: Uint8Array): Uint8Array | undefined {
  if (payload.length + NUMBER_BYTES > PAYLOAD_BYTES_MAX) return undefined;
  return new ByteWriter(payload.length + NUMBER_BYTES).u32(number.journalId).u64(number.lsn).raw(payload).bytes();
}

/** Takes {@link numberedPayload} apart. @throws CodecError */
export function readNumbered(payload: Uint8Array): { readonly number: ChangeNumber; readonly rest: Uint8Array } {
  const reader = new ByteReader(payload);
  const number = { journalId: reader.u32(), lsn: reader.u64() };
  return { number, rest: reader.rest() };
}
