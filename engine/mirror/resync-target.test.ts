import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { pairStates } from "../testing/pair-states.ts";
import { ByteWriter, CodecError } from "../wire/byte-codec.ts";
import type { Frame } from "../wire/frame.ts";
import { encodePairState, type PairState } from "./pair-entry.ts";
import type { ResyncRequest } from "./resync-source.ts";
import { ResyncRequestReader } from "./resync-target.ts";

const FLAG_LAST = 2;

/** One piece of a request, as the protocol lays it out. */
function piece(state: PairState, bitmap: Uint8Array, offsetBytes: number, last: boolean): Frame {
  const head = new ByteWriter();
  encodePairState(head, state);
  const payload = new ByteWriter().u16(head.bytes().length).raw(head.bytes()).raw(bitmap).bytes();
  return {
    kind: "resync-request",
    flags: last ? FLAG_LAST : 0,
    pairId: 1,
    epoch: 1,
    sequence: 0,
    offsetBytes,
    payload,
  };
}

function pieces(state: PairState, bitmap: Uint8Array, pieceBytes: number): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bitmap.length; at += pieceBytes)
    frames.push(piece(state, bitmap.subarray(at, at + pieceBytes), at, at + pieceBytes >= bitmap.length));
  return frames;
}

function read(frames: readonly Frame[], trackCount: number): (ResyncRequest | undefined)[] {
  const reader = new ResyncRequestReader(trackCount);
  return frames.map((frame) => reader.take(frame));
}

const bitmaps = fc.uint8Array({ minLength: 1, maxLength: 40 });
const pieceSizes = fc.integer({ min: 1, max: 12 });

test("pieces of any size come together to the request, which is whole with the last one and not before", () => {
  checkLaw(
    fc.property(pairStates, bitmaps, pieceSizes, fc.nat({ max: 7 }), (state, bitmap, pieceBytes, unused) => {
      const found = read(pieces(state, bitmap, pieceBytes), bitmap.length * 8 - unused);
      expect(found.pop()).toEqual({ state, bitmap });
      expect(new Set(found)).toEqual(new Set(found.length === 0 ? [] : [undefined]));
    }),
  );
});

test("a request with a piece missing, repeated or too long is refused: no track passes for clean by it", () => {
  checkLaw(
    fc.property(pairStates, bitmaps, pieceSizes, fc.nat(), (state, bitmap, pieceBytes, pick) => {
      const frames = pieces(state, bitmap, pieceBytes);
      const at = pick % frames.length;
      const chosen = frames[at] as Frame;
      const trackCount = bitmap.length * 8;
      if (frames.length > 1 && at < frames.length - 1)
        expect(() => read(frames.toSpliced(at, 1), trackCount)).toThrow(CodecError);
      expect(() => read(frames.toSpliced(at, 0, { ...chosen, flags: 0 }), trackCount)).toThrow(CodecError);
      expect(() => read(frames, trackCount - 8)).toThrow(CodecError);
      expect(() => read(frames, trackCount + 8)).toThrow(CodecError);
    }),
  );
});
