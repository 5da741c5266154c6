import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import type { Frame } from "./frame.ts";
import { ByteCount, Traffic } from "./traffic.ts";

const PAIRS = [1, 2, 3];
const FRAME: Omit<Frame, "pairId"> = {
  kind: "write",
  flags: 0,
  epoch: 1,
  sequence: 0,
  offsetBytes: 0,
  payload: new Uint8Array(0),
};

/** A way, a pair, a number of bytes. */
const moves = fc.array(
  fc.tuple(
    fc.constantFrom("sent" as const, "received" as const),
    fc.constantFrom(0, ...PAIRS, 9),
    fc.integer({ min: 1, max: 1000 }),
  ),
);

test("each pair has what was sent and received for it, the link everything, and what is of no pair counts for none", () => {
  checkLaw(
    fc.property(moves, (list) => {
      const parts = new Map([0, ...PAIRS].map((pairId) => [pairId, new ByteCount()]));
      const traffic = new Traffic((pairId) => parts.get(pairId));
      for (const [way, pairId, bytes] of list)
        if (way === "sent") traffic.sent(pairId, bytes);
        else traffic.received({ ...FRAME, pairId }, bytes);
      const sum = (way: string, pairId?: number): number =>
        list.reduce((all, [of, id, bytes]) => (of === way && (pairId ?? id) === id ? all + bytes : all), 0);
      expect([traffic.sentBytes, traffic.receivedBytes]).toEqual([sum("sent"), sum("received")]);
      for (const pairId of PAIRS)
        expect(parts.get(pairId)).toMatchObject({
          sentBytes: sum("sent", pairId),
          receivedBytes: sum("received", pairId),
        });
      expect(parts.get(0)).toMatchObject({ sentBytes: 0, receivedBytes: 0 });
    }),
  );
});

test("a pair that is made while frames of it come is counted from then on", () => {
  const parts = new Map<number, ByteCount>();
  const traffic = new Traffic((pairId) => parts.get(pairId));
  traffic.sent(1, 10);
  parts.set(1, new ByteCount());
  traffic.sent(1, 5);
  traffic.received({ ...FRAME, pairId: 1 }, 7);
  expect(parts.get(1)).toMatchObject({ sentBytes: 5, receivedBytes: 7 });
});
