import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { fromHex, toHex } from "../testing/hex.ts";
import { CodecError } from "./byte-codec.ts";
import { crc32c } from "./crc32c.ts";
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  FRAME_KINDS,
  FrameParser,
  isOrdered,
  PAYLOAD_BYTES_MAX,
} from "./frame.ts";
import { frameMemory, HEADER_BYTES } from "./frame-memory.ts";
import { setU32 } from "./little-endian.ts";

const u32 = fc.nat({ max: 0xffff_ffff });

const frames: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom(...FRAME_KINDS),
  flags: fc.nat({ max: 0xff }),
  pairId: u32,
  epoch: fc.maxSafeNat(),
  sequence: u32,
  offsetBytes: fc.maxSafeNat(),
  payload: fc.uint8Array({ maxLength: 80 }),
});

function joined(list: readonly Frame[]): Uint8Array {
  return Uint8Array.from(list.flatMap((frame) => [...encodeFrame(frame)]));
}

/** `bytes` in chunks whose sizes go round `sizes`. */
function chunksOf(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** What a receiver accepts before the stream is lost. Payloads are kept as they are at the end. */
function accepted(chunks: readonly Uint8Array[]): { readonly frames: Frame[]; readonly lost: boolean } {
  const parser = new FrameParser();
  const list: Frame[] = [];
  try {
    for (const chunk of chunks) list.push(...parser.push(chunk));
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    expect(() => parser.push(Uint8Array.of(0)), "nothing comes after a loss").toThrow(CodecError);
    return { frames: list, lost: true };
  }
  return { frames: list, lost: false };
}

const golden: Frame = {
  kind: "write",
  flags: 1,
  pairId: 0x0a0b0c0d,
  epoch: 3 * 2 ** 32 + 7,
  sequence: 0xffff_fffe,
  offsetBytes: 2 ** 40 + 512,
  payload: Uint8Array.of(1, 2, 3),
};
const goldenHex = `
  433e858b 52535631 0a 01 0000 0d0c0b0a
  03000000 feffffff 0700000003000000 0002000000010000
  010203`;

test("golden bytes, both ways", () => {
  expect(toHex(encodeFrame(golden))).toBe(goldenHex.replaceAll(/\s/g, ""));
  expect(decodeFrame(fromHex(goldenHex))).toEqual(golden);
});

test("kinds keep their numbers: data from 10 on goes through the ordered queue", () => {
  expect(FRAME_KINDS.filter(isOrdered)).toEqual([
    "write",
    "zero",
    "resync",
    "flush",
    "copy-begin",
    "copy-done",
    "split",
    "swap",
    "rewrite-begin",
    "rewrite-done",
    "backup",
    "recover",
  ]);
  expect(FRAME_KINDS.indexOf("write")).toBe(10);
});

test("any chunking of a stream gives the same frames", () => {
  checkLaw(
    fc.property(
      fc.array(frames, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1, maxLength: 5 }),
      (list, sizes) => {
        expect(accepted(chunksOf(joined(list), sizes))).toEqual({ frames: list, lost: false });
      },
    ),
  );
});

test("a stream that ends early gives the whole frames before its end and nothing of the next", () => {
  checkLaw(
    fc.property(fc.array(frames, { minLength: 1, maxLength: 4 }), fc.nat(), (list, pick) => {
      const bytes = joined(list);
      const endBytes = pick % bytes.length;
      let whole = 0;
      while (joined(list.slice(0, whole + 1)).length <= endBytes) whole++;
      expect(accepted([bytes.subarray(0, endBytes)])).toEqual({ frames: list.slice(0, whole), lost: false });
    }),
  );
});

test("no flipped bit, in any place of a frame, lets anything but the frames before it be accepted", () => {
  checkLaw(
    fc.property(frames, frames, frames, (before, hurt, after) => {
      const clean = joined([before, hurt, after]);
      const start = HEADER_BYTES + before.payload.length;
      const bits = (HEADER_BYTES + hurt.payload.length) * 8;
      for (let bit = 0; bit < bits; bit++) {
        const bytes = clean.slice();
        const at = start + (bit >>> 3);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
        const found = accepted([bytes.subarray(0, start), bytes.subarray(start)]);
        // A length that grew waits for bytes that never come; no other flip is ever silent.
        const inLength = at - start >= 16 && at - start < 20;
        if (!found.lost && !inLength) expect.fail(`bit ${bit} was not noticed`);
        expect(found.frames).toEqual([before]);
        expect(() => decodeFrame(bytes.subarray(start, start + bits / 8))).toThrow(CodecError);
      }
    }),
    20,
  );
});

test("bytes of another protocol end the stream at once", () => {
  checkLaw(
    fc.property(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: 300 }), (bytes) => {
      if (bytes[4] === 0x52) bytes[4] = 0x53;
      expect(accepted([bytes])).toEqual({ frames: [], lost: true });
    }),
  );
});

test("a payload beyond the limit is refused from its header alone", () => {
  const largest = encodeFrame({ ...golden, payload: new Uint8Array(PAYLOAD_BYTES_MAX) });
  expect(accepted([largest]).frames).toHaveLength(1);
  const tooLarge = largest.slice(0, HEADER_BYTES);
  new DataView(tooLarge.buffer).setUint32(16, PAYLOAD_BYTES_MAX + 1, true);
  expect(accepted([tooLarge]).lost).toBe(true);
});

test("a kind that there is not is refused, though the checksum fits", () => {
  const bytes = encodeFrame(golden);
  bytes[8] = FRAME_KINDS.length;
  setU32(bytes, 0, crc32c(bytes.subarray(4)));
  expect(() => decodeFrame(bytes)).toThrow(`unknown frame kind ${FRAME_KINDS.length}`);
});

test.each([
  ["too short for a header", (bytes: Uint8Array) => bytes.subarray(0, 39)],
  ["a byte short", (bytes: Uint8Array) => bytes.subarray(0, -1)],
  ["a byte too long", (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
])("a lone frame that is %s is refused", (_, change) => {
  expect(() => decodeFrame(change(encodeFrame(golden)))).toThrow(CodecError);
});

test.each(["epoch", "offsetBytes"] as const)("a number of 2^53 or more as the %s is refused", (field) => {
  const frame: Frame = {
    kind: "write",
    flags: 0,
    pairId: 1,
    epoch: 1,
    sequence: 0,
    offsetBytes: 0,
    payload: new Uint8Array(0),
    [field]: Number.MAX_SAFE_INTEGER,
  };
  const bytes = encodeFrame(frame);
  expect(decodeFrame(bytes)).toEqual(frame);
  setU32(bytes, field === "epoch" ? 28 : 36, 0x20_0000);
  setU32(bytes, 0, crc32c(bytes.subarray(4)));
  expect(() => decodeFrame(bytes)).toThrow(CodecError);
});

test("frames that share a buffer have bytes of their own", () => {
  // Sizes about the largest that is put together with others; more of them than one buffer takes.
  const payloads = Array.from({ length: 60 }, (_, index) => new Uint8Array((index * 577) % 9000).fill(index + 1));
  const encoded = payloads.map((payload) => encodeFrame({ ...golden, payload }));
  for (const [index, bytes] of encoded.entries()) expect(decodeFrame(bytes).payload).toEqual(payloads[index]);
});

test("a frame is the same wherever it is made, and where its payload lies already", () => {
  checkLaw(
    fc.property(frames, fc.integer({ min: 0, max: 20 }), (frame, roomBytes) => {
      const lengthBytes = HEADER_BYTES + frame.payload.length;
      const dirty = new Uint8Array(lengthBytes + roomBytes).fill(0xee);
      const elsewhere = encodeFrame(frame, dirty.slice());
      dirty.set(frame.payload, HEADER_BYTES);
      const inPlace = encodeFrame({ ...frame, payload: dirty.subarray(HEADER_BYTES, lengthBytes) }, dirty);
      const own = encodeFrame(frame);
      expect([elsewhere, inPlace]).toEqual([own, own]);
    }),
  );
});

test("a payload in the memory of its frame, but not where it belongs, and one as far into another memory are moved there", () => {
  checkLaw(
    fc.property(frames, fc.integer({ min: 1, max: 20 }), (frame, shift) => {
      const { payload } = frame;
      const own = encodeFrame(frame);
      const memory = new Uint8Array(HEADER_BYTES + shift + payload.length).fill(0xee);
      memory.set(payload, HEADER_BYTES + shift);
      expect(encodeFrame({ ...frame, payload: memory.subarray(HEADER_BYTES + shift) }, memory)).toEqual(own);
      const other = new Uint8Array(HEADER_BYTES + payload.length);
      other.set(payload, HEADER_BYTES);
      const dirty = new Uint8Array(other.length).fill(0xee);
      expect(encodeFrame({ ...frame, payload: other.subarray(HEADER_BYTES) }, dirty)).toEqual(own);
    }),
  );
});

test("chunks with something else between them, or as far into another memory, are not taken for one piece", () => {
  checkLaw(
    fc.property(frames, fc.integer({ min: 1, max: 60 }), fc.nat({ max: 9 }), (frame, cut, gapBytes) => {
      const bytes = encodeFrame(frame);
      const at = Math.min(cut, bytes.length - 1);
      const apart = new Uint8Array(bytes.length + gapBytes).fill(0xee);
      apart.set(bytes.subarray(0, at));
      apart.set(bytes.subarray(at), at + gapBytes);
      const expected = { frames: [frame], lost: false };
      expect(accepted([apart.subarray(0, at), apart.subarray(at + gapBytes)])).toEqual(expected);
      const other = new Uint8Array(bytes.length).fill(0xee);
      other.set(bytes.subarray(at), at);
      const first = new Uint8Array(bytes.length).fill(0xee);
      first.set(bytes.subarray(0, at));
      expect(accepted([first.subarray(0, at), other.subarray(at)])).toEqual(expected);
    }),
  );
});

test("a chunk that lies before the part, or behind a part that another one has followed, is not taken for its end", () => {
  checkLaw(
    fc.property(frames, fc.nat(), (frame, pick) => {
      const bytes = encodeFrame(frame);
      const expected = { frames: [frame], lost: false };
      const half = Math.ceil(bytes.length / 2);
      const turned = new Uint8Array(2 * half);
      turned.set(bytes.subarray(0, half), half);
      turned.set(bytes.subarray(half));
      expect(accepted([turned.subarray(half), turned.subarray(0, bytes.length - half)])).toEqual(expected);
      // Two memories in turn: the third chunk lies behind the first one.
      const from = 1 + (pick % (bytes.length - 2));
      const to = from + 1 + (Math.floor(pick / bytes.length) % (bytes.length - from - 1));
      const one = new Uint8Array(bytes.length);
      one.set(bytes.subarray(0, from));
      one.set(bytes.subarray(to), from);
      const chunks = [one.subarray(0, from), bytes.slice(from, to), one.subarray(from, from + bytes.length - to)];
      expect(accepted(chunks)).toEqual(expected);
    }),
  );
});

test("chunks that lie one behind the other in memory, or in several pieces of it, give the same frames", () => {
  checkLaw(
    fc.property(
      fc.array(frames, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 200 }),
      (list, sizes, pieceBytes) => {
        const bytes = joined(list);
        const pieces = chunksOf(bytes, [pieceBytes]).map((piece) => piece.slice());
        const chunks = pieces.flatMap((piece) => chunksOf(piece, sizes));
        expect(accepted(chunks)).toEqual({ frames: list, lost: false });
      },
    ),
  );
});

test("a large frame that came in several pieces of memory says in which it was put together", () => {
  const payload = Uint8Array.from({ length: 100_000 }, (_, index) => index * 7);
  const [left, right] = chunksOf(encodeFrame({ ...golden, payload }), [60_000]).map((piece) => piece.slice());
  const parser = new FrameParser();
  expect(parser.push(left as Uint8Array)).toEqual([]);
  const [frame] = parser.push(right as Uint8Array);
  expect(frame?.payload).toEqual(payload);
  expect(frame?.memory?.buffer).toBe(frame?.payload.buffer);
  frameMemory.giveBack(frame?.memory as Uint8Array);
  expect(frameMemory.take(payload.length)).toBe(frame?.memory);
});
