import { ByteReader, ByteWriter } from "../wire/byte-codec.ts";
import { type Tracker, TRACKERS } from "./intent-store.ts";
import { decodePairState, encodePairState, type Mode, MODES, type PairState } from "./pair-entry.ts";

/**
 * What one end tells the other of a pair: enough to make the entry at the other end if it has none
 * yet. Volume names are turned round by the receiver.
 */
export interface PairOffer {
  readonly name: string;
  readonly volume: string;
  readonly peerVolume: string;
  readonly mode: Mode;
  readonly tracker: Tracker;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  readonly state: PairState;
}

export function encodePairOffer(entry: Omit<PairOffer, "state"> & PairState): Uint8Array {
  const writer = new ByteWriter(256).text(entry.name).text(entry.volume).text(entry.peerVolume);
  writer.u8(MODES.indexOf(entry.mode)).u8(TRACKERS.indexOf(entry.tracker)).u64(entry.sizeBytes).u32(entry.trackBytes);
  encodePairState(writer, entry);
  return writer.bytes();
}

/** @throws CodecError */
export function decodePairOffer(payload: Uint8Array): PairOffer {
  const reader = new ByteReader(payload);
  const name = reader.text();
  const volume = reader.text();
  const peerVolume = reader.text();
  const mode = reader.oneOf(MODES);
  const tracker = reader.oneOf(TRACKERS);
  const sizeBytes = reader.u64();
  const trackBytes = reader.u32();
  const state = decodePairState(reader);
  reader.end();
  return { name, volume, peerVolume, mode, tracker, sizeBytes, trackBytes, state };
}
