import fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../assert.ts";
import { NS_PER_MS } from "../ports/index.ts";
import { checkAsyncLaw, checkLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { linkPair } from "../testing/link-pair.ts";
import { type TestRuntime, testRuntime } from "../testing/test-runtime.node.ts";
import { CodecError } from "../wire/byte-codec.ts";
import type { Frame } from "../wire/frame.ts";
import { frameMemory, payloadIn } from "../wire/frame-memory.ts";
import { frameBytes, Session } from "../wire/session.ts";
import { ackPayload, Outbox, readAck, type SendOutcome, WINDOW_BYTES } from "./outbox.ts";

/** A session whose other end takes everything and says nothing. */
function open(): { readonly outbox: Outbox; readonly session: Session; readonly runtime: TestRuntime } {
  const runtime = testRuntime();
  const [link] = linkPair();
  link.peer = undefined;
  const session = new Session(link, runtime, 1, { onFrame: () => {}, onEnd: () => {} });
  return { outbox: new Outbox(session, () => runtime.clock.monotonicNs()), session, runtime };
}

interface SentFrame {
  readonly sequence: number;
  readonly outcomes: SendOutcome[];
  readonly durable: string[];
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("send" as const), waits: fc.boolean(), between: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("ack" as const),
        applied: fc.nat({ max: 3 }),
        durable: fc.nat({ max: 9 }),
      }),
    },
  ),
  { maxLength: 150, size: "max" },
);

test("each frame is told once, in order, whether it was applied; durability is told of exactly what is durable", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(steps, async (list) => {
      const { outbox, session } = open();
      const frames: SentFrame[] = [];
      const told: number[] = [];
      let applied = -1;
      let durable = -1;
      const check = async (): Promise<void> => {
        await drained();
        const wrong = frames.findIndex(
          (frame, index) =>
            frame.outcomes.join() !== (index <= applied ? "applied" : "") ||
            frame.durable.join() !== (index <= durable ? "durable" : ""),
        );
        expect(wrong, "a frame was told too early, too late or twice").toBe(-1);
        expect(outbox.unapplied).toBe(applied < frames.length - 1);
        expect(outbox.durable).toBe(frames[durable]?.sequence ?? -1);
      };
      for (const step of list) {
        if (step.kind === "send") {
          // Frames of the session itself take numbers of their own.
          if (step.between) session.send("ping");
          const frame: SentFrame = { sequence: -1, outcomes: [], durable: [] };
          const sequence = outbox.send("flush", {}, (outcome) => {
            frame.outcomes.push(outcome);
            told.push(sequence);
          });
          frames.push(Object.assign(frame, { sequence }));
          void outbox.whenDurable(sequence).then((outcome) => frame.durable.push(outcome));
        } else {
          applied = Math.min(applied + step.applied, frames.length - 1);
          const next = Math.max(durable, Math.min(applied, applied + 3 - step.durable));
          const more = outbox.acknowledge(frames[applied]?.sequence ?? -1, frames[next]?.sequence ?? -1);
          expect(more).toBe(next > durable);
          durable = next;
        }
        await check();
      }
      outbox.end();
      await drained();
      for (const [index, frame] of frames.entries()) {
        expect(frame.outcomes).toEqual([index <= applied ? "applied" : "lost"]);
        expect(frame.durable).toEqual([index <= durable ? "durable" : "lost"]);
      }
      expect(told).toEqual(frames.map(({ sequence }) => sequence));
      await expect(outbox.whenDurable(frames.length * 2)).resolves.toBe("lost");
      await expect(outbox.room(0)).resolves.toBe(false);
      expect(() => outbox.send("flush", {})).toThrow(AssertionError);
    }),
    25,
  );
});

/** One that sends as soon as there is room. */
interface Sender {
  readonly bytes: number;
  sent: boolean;
}

test("what is not applied yet is told pair by pair, with the age of the oldest change", async () => {
  const { outbox, runtime } = open();
  const send = (pairId: number): number => outbox.send("write", { pairId, payload: new Uint8Array(512) });
  send(1);
  await runtime.clock.pass(5 * NS_PER_MS);
  const second = send(2);
  await runtime.clock.pass(5 * NS_PER_MS);
  send(1);
  send(2);
  outbox.send("flush", { pairId: 3 });
  expect([1, 2].map((pairId) => outbox.unappliedOf(pairId))).toEqual([
    { count: 2, oldestNs: 0 },
    { count: 2, oldestNs: 5 * NS_PER_MS },
  ]);
  outbox.acknowledge(second, -1);
  expect([1, 2, 3].map((pairId) => outbox.unappliedOf(pairId).count)).toEqual([1, 1, 0]);
});

test("no more is on its way than the window, or one frame; senders go first come, first served; all go", async () => {
  const sizes = fc.constantFrom(512, 4096, 65_536, 300_000, 700_000, WINDOW_BYTES);
  await checkAsyncLaw(
    fc.asyncProperty(
      fc.array(fc.tuple(sizes, fc.integer({ min: 0, max: 5 })), { maxLength: 30, size: "max" }),
      async (list) => {
        const { outbox } = open();
        const senders: Sender[] = [];
        const flight: number[] = [];
        let sequence = -1;
        const send = (sender: Sender): void => {
          expect(senders.slice(0, senders.indexOf(sender)).every(({ sent }) => sent)).toBe(true);
          sender.sent = true;
          flight.push(frameBytes(sender.bytes));
          sequence = outbox.send("write", { payload: new Uint8Array(sender.bytes) });
          const bytes = flight.reduce((sum, each) => sum + each, 0);
          if (flight.length > 1) expect(bytes).toBeLessThanOrEqual(WINDOW_BYTES);
        };
        const acknowledge = async (frames: number): Promise<void> => {
          flight.splice(0, frames);
          outbox.acknowledge(sequence - flight.length, -1);
          await drained();
        };
        const all: Promise<void>[] = [];
        for (const [bytes, acks] of list) {
          const sender: Sender = { bytes, sent: false };
          senders.push(sender);
          const room = outbox.room(bytes);
          if (room === undefined) send(sender);
          else
            all.push(
              room.then((granted) => {
                expect(granted).toBe(true);
                send(sender);
              }),
            );
          await acknowledge(acks);
        }
        for (let round = 0; round < senders.length; round++) await acknowledge(flight.length);
        await Promise.all(all);
        expect(senders.filter(({ sent }) => !sent)).toEqual([]);
      },
    ),
    30,
  );
});

test("of several that wait, each sends in its turn, though it asks again once it was granted room", async () => {
  const { outbox } = open();
  const payload = new Uint8Array(WINDOW_BYTES / 2);
  const sent: number[] = [];
  const sequences: number[] = [];
  const writer = async (name: number): Promise<void> => {
    for (let wait = outbox.room(payload.length); wait !== undefined; wait = outbox.room(payload.length)) await wait;
    sequences.push(outbox.send("write", { payload }));
    sent.push(name);
  };
  const writers = [0, 1, 2, 3].map(writer);
  for (let acknowledged = 0; acknowledged < writers.length; acknowledged++) {
    outbox.acknowledge(sequences[acknowledged] ?? -1, -1);
    await drained();
  }
  expect(sent).toEqual([0, 1, 2, 3]);
  await Promise.all(writers);
});

test("the memory of a large frame is used again when it was applied, and never when nobody knows", () => {
  const { outbox } = open();
  const payload = new Uint8Array(WINDOW_BYTES / 8);
  const lent = frameMemory.take(payload.length);
  const applied = outbox.send("resync", { payload: payloadIn(lent, payload.length) }, undefined, lent);
  outbox.acknowledge(applied, -1);
  const again = frameMemory.take(payload.length);
  expect(again).toBe(lent);
  outbox.send("resync", { payload: payloadIn(again, payload.length) }, undefined, again);
  outbox.end();
  expect(frameMemory.take(payload.length)).not.toBe(lent);
});

test("who waits for room when the session ends is told so", async () => {
  const { outbox } = open();
  outbox.send("write", { payload: new Uint8Array(WINDOW_BYTES) });
  const rooms = [outbox.room(1), outbox.room(2)];
  outbox.end();
  for (const room of rooms) expect(await room).toBe(false);
});

test("the age of the oldest frame that is not applied, or barrier that is not durable, is what a hanging disk shows", async () => {
  const { outbox, runtime } = open();
  expect(outbox.oldestAgeNs()).toBe(0);
  const first = outbox.send("split", {});
  await runtime.clock.pass(NS_PER_MS);
  const barrier = outbox.send("flush", {});
  await runtime.clock.pass(NS_PER_MS);
  const last = outbox.send("split", {});
  await runtime.clock.pass(NS_PER_MS);
  expect(outbox.oldestAgeNs()).toBe(3 * NS_PER_MS);
  outbox.acknowledge(first, -1);
  expect(outbox.oldestAgeNs()).toBe(2 * NS_PER_MS);
  outbox.acknowledge(barrier, first);
  expect(outbox.oldestAgeNs()).toBe(2 * NS_PER_MS);
  outbox.acknowledge(barrier, barrier);
  expect(outbox.oldestAgeNs()).toBe(NS_PER_MS);
  outbox.acknowledge(last, barrier);
  expect(outbox.oldestAgeNs()).toBe(0);
});

test("the other end stalls while it has something to do and says nothing; a flush that hangs shows though it applies more", async () => {
  const { outbox, runtime } = open();
  const pass = (): Promise<void> => runtime.clock.pass(NS_PER_MS);
  await pass();
  expect(outbox.stalledNs()).toBe(0);
  const first = outbox.send("split", {});
  await pass();
  const flush = outbox.send("flush", {});
  expect(outbox.stalledNs()).toBe(NS_PER_MS);
  // Something arrives there.
  outbox.acknowledge(-1, -1);
  expect(outbox.stalledNs()).toBe(0);
  await pass();
  expect(outbox.stalledNs()).toBe(NS_PER_MS);
  outbox.acknowledge(first, -1);
  await pass();
  // From here on what it applies says nothing of its disk.
  outbox.acknowledge(flush, -1);
  for (let more = 0; more < 2; more++) {
    await pass();
    outbox.acknowledge(outbox.send("split", {}), -1);
  }
  expect(outbox.stalledNs()).toBe(2 * NS_PER_MS);
  // It is at the next one since then.
  const next = outbox.send("flush", {});
  outbox.acknowledge(next, flush);
  expect(outbox.stalledNs()).toBe(0);
  await pass();
  expect(outbox.stalledNs()).toBe(NS_PER_MS);
  outbox.acknowledge(next, next);
  expect(outbox.stalledNs()).toBe(0);
});

test("a barrier that waits behind another one stalls from when that one was durable", async () => {
  const { outbox, runtime } = open();
  const flushes = [outbox.send("flush", {}), outbox.send("flush", {})] as const;
  outbox.acknowledge(flushes[1], -1);
  await runtime.clock.pass(3 * NS_PER_MS);
  outbox.acknowledge(flushes[1], flushes[0]);
  await runtime.clock.pass(NS_PER_MS);
  expect(outbox.stalledNs()).toBe(NS_PER_MS);
});

function ack(payload: Uint8Array): Frame {
  return { kind: "ack", flags: 0, pairId: 0, epoch: 1, sequence: 0, offsetBytes: 0, payload };
}

test("an acknowledgement is read as it was written; one of another size is refused", () => {
  const sequence = fc.integer({ min: -1, max: 0xffff_fffe });
  checkLaw(
    fc.property(sequence, sequence, (applied, durable) => {
      expect(readAck(ack(ackPayload(applied, durable)))).toEqual({ applied, durable });
    }),
  );
  for (const bytes of [0, 4, 7, 9]) expect(() => readAck(ack(new Uint8Array(bytes)))).toThrow(CodecError);
});

test("an acknowledgement of what was never sent is refused: nothing may be believed durable by it", () => {
  const { outbox } = open();
  const sequence = outbox.send("flush", {});
  expect(() => outbox.acknowledge(sequence + 1, -1)).toThrow(CodecError);
  expect(() => outbox.acknowledge(sequence, sequence + 1)).toThrow(CodecError);
  expect([outbox.unapplied, outbox.durable]).toEqual([true, -1]);
});

test("what is durable already is told at once, and stays durable when the session ends", async () => {
  const { outbox } = open();
  const sequence = outbox.send("write", {});
  outbox.acknowledge(sequence, sequence);
  expect(await outbox.whenDurable(sequence)).toBe("durable");
  expect(await outbox.whenDurable(-1)).toBe("durable");
  outbox.end();
  expect(await outbox.whenDurable(sequence)).toBe("durable");
  expect(await outbox.whenDurable(sequence + 1)).toBe("lost");
});
