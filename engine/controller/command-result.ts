import { EngineError, type EngineErrorContexts, isEngineErrorCode } from "../errors.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";

/** What became of a command that the other end was asked to carry out. */
export interface CommandResult {
  /** As in the command. */
  readonly number: number;
  /** The refusal; `undefined` if it was carried out. */
  readonly error: EngineError | undefined;
}

export function encodeResult({ number, error }: CommandResult): Uint8Array {
  const writer = new ByteWriter(64).u32(number);
  if (error === undefined) return writer.text("").bytes();
  return writer.text(error.code).text(JSON.stringify(error.context)).bytes();
}

/** @throws CodecError */
export function decodeResult(payload: Uint8Array): CommandResult {
  const reader = new ByteReader(payload);
  const number = reader.u32();
  const code = reader.text();
  const context = code === "" ? {} : parse(reader.text());
  reader.end();
  if (code === "") return { number, error: undefined };
  if (!isEngineErrorCode(code)) throw new CodecError(`unknown error code ${JSON.stringify(code)}`);
  return { number, error: new EngineError(code, context as EngineErrorContexts[typeof code]) };
}

function parse(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CodecError("the context of an error is not JSON");
  }
  if (typeof value !== "object" || value === null) throw new CodecError("the context of an error is not an object");
  return value;
}
