import { type ByteReader, ByteWriter } from "../wire/byte-codec.ts";
import { decodeLocalPairEntry, encodeLocalPairEntry, type LocalPairEntry } from "./local-pair-entry.ts";
import { decodePairEntry, encodePairEntry, type PairEntry, pairEntryBytesMax } from "./pair-entry.ts";

/** The copy types of Fig. 3. */
const COPY_TYPES = ["remote", "local"] as const;

/** An entry of the copy management table (BR-1): a remote or a local mirror. */
export type TableEntry = PairEntry | LocalPairEntry;

export function encodeTableEntry(writer: ByteWriter, entry: TableEntry): void {
  writer.u8(COPY_TYPES.indexOf(entry.copyType));
  if (entry.copyType === "remote") encodePairEntry(writer, entry);
  else encodeLocalPairEntry(writer, entry);
}

/** @throws CodecError */
export function decodeTableEntry(reader: ByteReader): TableEntry {
  return reader.oneOf(COPY_TYPES) === "remote" ? decodePairEntry(reader) : decodeLocalPairEntry(reader);
}

/** The most bytes that the entry takes in the table, however it changes. Never throws. */
export function tableEntryBytesMax(entry: TableEntry): number {
  if (entry.copyType === "remote") return 1 + pairEntryBytesMax(entry);
  const writer = new ByteWriter(256);
  encodeLocalPairEntry(writer, { ...entry, name: "", volume: "", mirrorVolume: "" });
  const names = [entry.name, entry.volume, entry.mirrorVolume];
  return names.reduce((sum, name) => sum + utf8.encode(name).length, 1 + writer.bytes().length);
}

const utf8 = new TextEncoder();
