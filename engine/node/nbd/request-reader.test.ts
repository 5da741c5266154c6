import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAsyncLaw, checkLaw } from "../../testing/check-law.ts";
import { fromHex, toHex } from "../../testing/hex.ts";
import { COMMAND } from "./protocol.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import type { Request } from "./request.ts";
import { RequestBatch } from "./request-batch.ts";
import { RequestReader, RequestViolation } from "./request-reader.ts";
import { type Slab, SlabPool } from "./slab.ts";
import { sentBytes } from "./sent-bytes.ts";

const pool = new SlabPool(0);

const request: fc.Arbitrary<Request> = fc
  .record({
    high: fc.nat(0xffff_ffff),
    low: fc.nat(0xffff_ffff),
    flags: fc.nat(31),
    type: fc.oneof(fc.constant<number>(COMMAND.WRITE), fc.nat(7)),
    offsetBytes: fc.maxSafeNat(),
    lengthBytes: fc.oneof(fc.nat(600), fc.nat(300_000)),
  })
  .map(({ high, low, ...rest }) => ({ cookie: { high, low }, ...rest }));

/** A payload that tells whose it is. */
function payloadOf({ type, lengthBytes, cookie }: Request): Buffer {
  return Buffer.alloc(type === COMMAND.WRITE ? lengthBytes : 0, cookie.low & 0xff);
}

async function streamOf(requests: readonly Request[]): Promise<Buffer> {
  const batch = new RequestBatch(pool);
  for (const each of requests) {
    batch.request(each);
    batch.payload(payloadOf(each));
  }
  return sentBytes(batch);
}

test("however the stream is cut, and whatever is held or refused, the requests are the same", async () => {
  const law = fc.asyncProperty(
    fc.record({
      requests: fc.array(request, { maxLength: 12 }),
      cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200_000 })), { minLength: 1 }),
      refused: fc.func(fc.boolean()),
      /** How many further requests a payload is held for. */
      heldFor: fc.nat(6),
    }),
    async ({ requests, cuts, refused, heldFor }) => {
      const stream = await streamOf(requests);
      const received = new ReceiveBuffer(pool);
      const reader = new RequestReader(received);
      const found: Request[] = [];
      const held: { readonly bytes: Uint8Array; readonly slab: Slab; readonly expected: Buffer }[] = [];
      const giveBack = (): void => {
        const { bytes, slab, expected } = held.shift() as (typeof held)[number];
        // The slice of a Buffer would share its memory.
        expect(bytes).not.toBeInstanceOf(Buffer);
        // Until now nothing may have been written over it.
        expect(expected.equals(bytes)).toBe(true);
        slab.release();
      };
      let at = 0;
      for (let turn = 0; at < stream.length; turn++) {
        const chunk = stream.subarray(at, at + (cuts[turn % cuts.length] as number));
        at += give(received, chunk, turn % 2 === 0);
        for (let next = reader.peek(); next !== undefined; next = reader.peek()) {
          if (refused(next.cookie.low)) {
            reader.discard(next);
            found.push(next);
            continue;
          }
          if (!reader.hasWhole(next)) break;
          const payload = reader.take(next);
          found.push(next);
          if (payload !== undefined) held.push({ ...payload, expected: payloadOf(next) });
          while (held.length > heldFor) giveBack();
        }
      }
      while (held.length > 0) giveBack();
      expect(found).toEqual(requests);
      expect(reader.isWithin).toBe(false);
      expect(received.leftBehindBytes).toBe(0);
    },
  );
  await checkAsyncLaw(law, 300);
});

/** Both ways by which a socket brings bytes. @returns how many were taken */
function give(received: ReceiveBuffer, chunk: Uint8Array, byCopy: boolean): number {
  if (byCopy) {
    received.append(chunk);
    return chunk.length;
  }
  const space = received.space();
  const piece = chunk.subarray(0, space.length);
  space.set(piece);
  received.filled(piece.length);
  return piece.length;
}

test("a request has the form of the protocol", async () => {
  const bytes = await streamOf([
    { cookie: { high: 0x0102_0304, low: 0x0506_0708 }, flags: 1, type: 1, offsetBytes: 0x1_0000_0200, lengthBytes: 2 },
  ]);
  expect(toHex(bytes)).toBe("256095130001000101020304050607080000000100000200000000020808");
});

test("what does not begin as a request, or announces too much, is refused at once", () => {
  const begun = (hex: string): RequestReader => {
    const received = new ReceiveBuffer(pool);
    received.append(fromHex(hex));
    return new RequestReader(received);
  };
  checkLaw(
    fc.property(fc.uint8Array({ minLength: 28, maxLength: 40 }), (bytes) => {
      fc.pre(bytes[0] !== 0x25);
      expect(() => begun(toHex(bytes)).peek()).toThrow(RequestViolation);
    }),
  );
  const huge = begun("25609513000000010000000000000001000000000000000004000001");
  const seen = huge.peek() as Request;
  expect(seen.lengthBytes).toBe(64 * 1024 * 1024 + 1);
  expect(() => huge.discard(seen)).toThrow(RequestViolation);
});
