import fc from "fast-check";
import { expect, test } from "vitest";
import { EventLog, formatEvent } from "./event-log.ts";
import { hashBytes, hashText, RollingHash } from "./rolling-hash.ts";

interface Input {
  readonly timeNs: number;
  readonly kind: string;
  readonly actor: string;
  readonly a: number;
  readonly b: number;
  readonly content: number;
}

const number47 = fc.oneof(
  fc.integer(),
  fc.maxSafeNat().map((value) => Math.floor(value / 64)),
  fc.maxSafeNat().map((value) => 0 - Math.floor(value / 64)),
);
const input: fc.Arbitrary<Input> = fc.record({
  timeNs: fc.maxSafeNat(),
  kind: fc.constantFrom("timer", "disk.write", "net.deliver"),
  actor: fc.constantFrom("a", "b", "a/pvol"),
  a: number47,
  b: number47,
  content: fc.nat(0xffff_ffff),
});

function logOf(inputs: readonly Input[], retainEvents?: number): EventLog {
  const log = new EventLog(retainEvents);
  for (const [index, { timeNs, kind, actor, a, b, content }] of inputs.entries())
    log.add(timeNs, log.kind(kind), log.actor(actor), a, b, content, index - 1);
  return log;
}

test("what is added is given back, every number whole", () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 50 }), (inputs) => {
      const log = logOf(inputs);
      expect(log.count).toBe(inputs.length);
      for (const [index, expected] of inputs.entries()) {
        const found = log.get(index);
        expect(found).toMatchObject({ ...expected, index, cause: index - 1, kind: { name: expected.kind } });
      }
      expect([log.get(-1), log.get(inputs.length)]).toEqual([undefined, undefined]);
    }),
  );
});

test("more events than one chunk holds are retained; beyond the limit only the hash goes on", () => {
  const log = new EventLog(40_000);
  const kind = log.kind("tick");
  const actor = log.actor("a");
  for (let index = 0; index < 50_000; index++) log.add(index, kind, actor, index, -index, 0, -1);
  expect(log.get(39_999)).toMatchObject({ a: 39_999, b: -39_999 });
  expect(log.get(40_000)).toBeUndefined();
  const before = log.digest;
  log.add(50_000, kind, actor, 0, 0, 0, -1);
  expect(log.digest).not.toBe(before);
});

test("the same events give the same digest; one changed field gives another, and is found", () => {
  fc.assert(
    fc.property(fc.array(input, { minLength: 1, maxLength: 30 }), fc.nat(), input, (inputs, at, replacement) => {
      const index = at % inputs.length;
      const log = logOf(inputs);
      expect(logOf(inputs).digest).toBe(log.digest);
      expect(logOf(inputs).firstDifference(log)).toBe(-1);
      for (const field of ["timeNs", "kind", "actor", "a", "b", "content"] as const) {
        const original = inputs[index] as Input;
        if (original[field] === replacement[field]) continue;
        const changed = logOf(inputs.with(index, { ...original, [field]: replacement[field] }));
        expect(changed.digest).not.toBe(log.digest);
        expect(changed.firstDifference(log)).toBe(index);
      }
    }),
  );
});

test("a run that goes on where the other ends differs there", () => {
  fc.assert(
    fc.property(fc.array(input, { minLength: 1, maxLength: 30 }), (inputs) => {
      const shorter = logOf(inputs.slice(0, -1));
      expect(shorter.firstDifference(logOf(inputs))).toBe(inputs.length - 1);
      expect(shorter.digest).not.toBe(logOf(inputs).digest);
    }),
  );
});

test("the digest depends on names, not on the order in which they were made known", () => {
  const [left, right] = [new EventLog(), new EventLog()];
  right.actor("unused");
  right.kind("unused");
  for (const log of [left, right]) log.add(1, log.kind("tick"), log.actor("a"), 0, 0, 0, -1);
  expect(left.digest).toBe(right.digest);
});

test("kinds and actors are bounded", () => {
  const log = new EventLog();
  for (let index = 0; index < 4096; index++) log.kind(`kind ${index}`);
  expect(() => log.kind("one more")).toThrow("a log holds 4096 kinds");
  expect(log.kind("kind 7").id).toBe(7);
});

test("an event reads as a line", () => {
  const log = new EventLog();
  log.add(
    1_500_000,
    log.kind("disk.write", "offsetBytes", "lengthBytes"),
    log.actor("a/pvol"),
    0,
    4096,
    0x1f00ab42,
    -1,
  );
  expect(formatEvent(log.get(0) as NonNullable<ReturnType<EventLog["get"]>>)).toBe(
    "#0 1.500000 ms  disk.write  a/pvol  offsetBytes=0  lengthBytes=4096  content=1f00ab42",
  );
});

test("five words at once hash as five words", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(...Array.from({ length: 5 }, () => fc.integer())), { maxLength: 5 }), (rows) => {
      const [single, five] = [new RollingHash(), new RollingHash()];
      for (const [w0 = 0, w1 = 0, w2 = 0, w3 = 0, w4 = 0] of rows) {
        for (const word of [w0, w1, w2, w3, w4]) single.word(word);
        five.words5(w0, w1, w2, w3, w4);
      }
      expect(five.digest()).toBe(single.digest());
    }),
  );
});

test("hashes of bytes and texts: the same again, another for one bit or for one more zero", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
      const changed = bytes.slice();
      const index = at % bytes.length;
      changed[index] = (changed[index] as number) ^ (1 << bit);
      expect(hashBytes(bytes.slice())).toBe(hashBytes(bytes));
      expect(hashBytes(changed)).not.toBe(hashBytes(bytes));
      expect(hashBytes(Uint8Array.of(...bytes, 0))).not.toBe(hashBytes(bytes));
    }),
  );
  const texts = ["", "\u0000", "\u0000\u0000", "a", "b", "ab", "ba", "disk.write", "disk.writf"];
  expect(new Set(texts.map(hashText)).size).toBe(texts.length);
});

test("a part of a larger buffer hashes as its own bytes do, across the size of the scratch buffer", () => {
  const large = Uint8Array.from({ length: 200_003 }, (_, index) => (index * 31) ^ (index >> 8));
  for (const [start, end] of [
    [1, 5],
    [2, 34],
    [2, 35],
    [3, 65_539],
    [7, 65_543],
    [1, 200_003],
  ] as const)
    expect(hashBytes(large.subarray(start, end))).toBe(hashBytes(large.slice(start, end)));
});

test("hashes of fixed bytes stay as they are, so that digests in reports still compare", () => {
  const bytes = Uint8Array.from({ length: 70 }, (_, index) => index * 7 + 1);
  expect([0, 1, 3, 4, 5, 8, 12, 31, 32, 33, 70].map((length) => hashBytes(bytes.subarray(0, length)))).toEqual([
    11709454, 1716493907, 2318647313, 3720508418, 3892371816, 543626984, 2269591369, 1734322063, 538791339, 2245538822,
    3539638424,
  ]);
});
