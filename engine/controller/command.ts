import type { Tracker } from "../mirror/intent-store.ts";
import type { Mode } from "../mirror/pair-entry.ts";
import { ByteReader, ByteWriter } from "../wire/byte-codec.ts";

/** What an administrator can ask of a system. */
export type Command =
  | {
      readonly kind: "create";
      readonly pair: string;
      readonly volume: string;
      readonly link: string;
      readonly peerVolume: string;
      readonly mode: Mode;
      /** `bitmap` without. */
      readonly tracker?: Tracker;
    }
  | { readonly kind: "split"; readonly pair: string; readonly secondary: "read-only" | "read-write" }
  | { readonly kind: "resync"; readonly pair: string; readonly direction?: "forward" | "reverse" }
  | { readonly kind: "takeover"; readonly pair: string }
  | { readonly kind: "failback"; readonly pair: string };

/** Commands that only the primary can carry out; at the secondary they go to the other end (BR-12). */
export type PrimaryCommand = Extract<Command, { kind: "split" | "resync" | "failback" }>;

const KINDS = ["split", "resync", "failback"] as const;
const SECONDARY = ["read-only", "read-write"] as const;
const DIRECTIONS = ["", "forward", "reverse"] as const;

export function encodeCommand(number: number, command: PrimaryCommand): Uint8Array {
  return new ByteWriter(64)
    .u32(number)
    .u8(KINDS.indexOf(command.kind))
    .text(command.pair)
    .u8(SECONDARY.indexOf(command.kind === "split" ? command.secondary : "read-only"))
    .u8(DIRECTIONS.indexOf(command.kind === "resync" ? (command.direction ?? "") : ""))
    .bytes();
}

/** @throws CodecError */
export function decodeCommand(payload: Uint8Array): { readonly number: number; readonly command: PrimaryCommand } {
  const reader = new ByteReader(payload);
  const number = reader.u32();
  const kind = reader.oneOf(KINDS);
  const pair = reader.text();
  const secondary = reader.oneOf(SECONDARY);
  const direction = reader.oneOf(DIRECTIONS);
  reader.end();
  if (kind === "split") return { number, command: { kind, pair, secondary } };
  if (kind === "resync") return { number, command: { kind, pair, ...(direction === "" ? {} : { direction }) } };
  return { number, command: { kind, pair } };
}
