import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkAsyncLaw } from "../../testing/check-law.ts";
import { fromHex, toHex } from "../../testing/hex.ts";
import { Coverage, type PendingRequest } from "./pending-request.ts";
import { COMMAND } from "./protocol.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import { ReplyBatch } from "./reply-batch.ts";
import { ReplyParser, ReplyViolation } from "./reply-parser.ts";
import { sentBytes } from "./sent-bytes.ts";
import { SlabPool } from "./slab.ts";

const pool = new SlabPool(0);

function pendingRead(low: number, offsetBytes: number, lengthBytes: number): PendingRequest {
  return {
    request: { cookie: { high: 0, low }, type: COMMAND.READ, flags: 0, offsetBytes, lengthBytes },
    into: Buffer.alloc(lengthBytes, 0xee),
    coverage: new Coverage(),
    extents: new Map(),
    fault: undefined,
    resolve: () => {},
    reject: () => {},
  };
}

/** Parses a stream in pieces. @returns the requests that were answered, in order */
function answered(pending: readonly PendingRequest[], stream: Uint8Array, cuts: readonly number[], structured = true) {
  const received = new ReceiveBuffer(pool);
  const done: PendingRequest[] = [];
  const open = new Map(pending.map((each) => [each.request.cookie.low, each]));
  const parser = new ReplyParser(received, structured, open, (each) => {
    open.delete(each.request.cookie.low);
    done.push(each);
  });
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const chunk = stream.subarray(at, at + (cuts[turn % cuts.length] as number));
    received.append(chunk);
    at += chunk.length;
    parser.parse();
  }
  return done;
}

/** A read answered in pieces of data and holes, in any order. */
const answer = fc.record({
  pieces: fc.array(fc.record({ lengthBytes: fc.integer({ min: 1, max: 40_000 }), isHole: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  }),
  order: fc.infiniteStream(fc.nat()),
});

test("however the stream is cut, a read gets its bytes, from pieces and holes in any order", async () => {
  const law = fc.asyncProperty(
    fc.record({
      answers: fc.array(answer, { minLength: 1, maxLength: 5 }),
      cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 50_000 })), { minLength: 1 }),
    }),
    async ({ answers, cuts }) => {
      const batch = new ReplyBatch(pool);
      const reads: PendingRequest[] = [];
      const expected: Buffer[] = [];
      for (const [low, { pieces, order }] of answers.entries()) {
        const content = Buffer.concat(
          pieces.map(({ lengthBytes, isHole }, index) => Buffer.alloc(lengthBytes, isHole ? 0 : index + 1)),
        );
        const offsetBytes = 0x1_0000_0000 * low + 512;
        let at = 0;
        const placed = pieces.map((piece) => {
          at += piece.lengthBytes;
          return { ...piece, at: at - piece.lengthBytes, rank: order.next().value as number };
        });
        placed.sort((left, right) => left.rank - right.rank);
        const cookie = { high: 0, low };
        for (const [index, piece] of placed.entries()) {
          const isLast = index === placed.length - 1;
          const data = content.subarray(piece.at, piece.at + piece.lengthBytes);
          if (piece.isHole) batch.hole(cookie, isLast, offsetBytes + piece.at, piece.lengthBytes);
          else batch.data(cookie, isLast, offsetBytes + piece.at, data);
        }
        reads.push(pendingRead(low, offsetBytes, content.length));
        expected.push(content);
      }
      const done = answered(reads, await sentBytes(batch), cuts);
      expect(done.map(({ request }) => request.cookie.low)).toEqual([...answers.keys()]);
      for (const [index, { into, fault }] of done.entries()) {
        expect(fault).toBeUndefined();
        expect((expected[index] as Buffer).equals(into as Uint8Array)).toBe(true);
      }
    },
  );
  await checkAsyncLaw(law, 200);
});

test("replies have the form of the protocol", async () => {
  const batch = new ReplyBatch(pool);
  const cookie = { high: 1, low: 2 };
  batch.simple(cookie, 28);
  batch.none(cookie);
  batch.data(cookie, true, 0x1_0000_0000, fromHex("abcd"));
  batch.hole(cookie, false, 512, 4096);
  batch.error(cookie, 22, "no");
  expect(toHex(await sentBytes(batch))).toBe(
    [
      "674466980000001c0000000100000002",
      "668e33ef00010000000000010000000200000000",
      "668e33ef0001000100000001000000020000000a0000000100000000abcd",
      "668e33ef0000000200000001000000020000000c000000000000020000001000",
      "668e33ef000180010000000100000002000000080000001600026e6f",
    ].join(""),
  );
});

describe("an answer that does not fit what was asked is not believed", () => {
  const header = (type: string, lengthBytes: number, flags = "0001"): string =>
    `668e33ef${flags}${type}0000000000000007${lengthBytes.toString(16).padStart(8, "0")}`;
  test.each([
    ["garbage", "00112233445566778899aabbccddeeff"],
    ["a reply to nothing", "67446698000000000000000000000063"],
    ["a simple reply to a read", "67446698000000000000000000000007"],
    ["data before the range", `${header("0001", 9)}00000000000001ff00`],
    ["data behind the range", `${header("0001", 10)}00000000000005ff0000`],
    ["the same data twice", `${header("0001", 9, "0000")}000000000000020000`.repeat(2)],
    [
      "data and then a hole there",
      `${header("0001", 9, "0000")}000000000000020000${header("0002", 12)}000000000000020000000400`,
    ],
    ["an end without all data", header("0000", 0)],
    ["an empty hole", `${header("0002", 12)}000000000000020000000000`],
    ["an empty chunk that is not the last", header("0000", 0, "0000")],
    ["an unknown chunk", header("0003", 0)],
    ["an error that is none", `${header("8001", 6)}000000000000`],
    ["an error with half a message", `${header("8001", 6)}000000050001`],
    ["a block status of a read", `${header("0005", 12)}000000010000020000000000`],
    ["a chunk too large", header("0002", 5 * 1024 * 1024)],
  ])("%s", (_, hex) => {
    expect(() => answered([pendingRead(7, 512, 1024)], fromHex(hex), [1000])).toThrow(ReplyViolation);
  });

  test("but an unknown kind of error is an error", () => {
    const [done] = answered([pendingRead(7, 512, 1024)], fromHex(`${header("8055", 8)}000000050002686f`), [3]);
    expect(done?.fault).toEqual({ errno: 5, message: "ho" });
  });
});
