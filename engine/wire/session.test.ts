import fc from "fast-check";
import { expect, test } from "vitest";
import { LinkError, NS_PER_MS } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { type LinkEnd, linkPair } from "../testing/link-pair.ts";
import { type TestRuntime, testRuntime } from "../testing/test-runtime.node.ts";
import { CodecError } from "./byte-codec.ts";
import { decodeFrame, encodeFrame, type Frame, FRAME_KINDS, isOrdered } from "./frame.ts";
import { frameBytes, Session, type SessionEvents } from "./session.ts";
import { ByteCount, Traffic } from "./traffic.ts";

const EPOCH = 7;

interface Side {
  readonly session: Session;
  readonly link: LinkEnd;
  readonly frames: Frame[];
  readonly ends: string[];
  readonly failed: boolean[];
  /** When it was told that a part of a frame has come. */
  readonly partsAtNs: number[];
  readonly traffic: Traffic;
  /** Of frames of any pair. */
  readonly ofPairs: ByteCount;
  /** Settles when the session has ended. */
  readonly run: Promise<void>;
}

function side(link: LinkEnd, runtime: TestRuntime, epoch: number | undefined, onFrame?: (frame: Frame) => void): Side {
  const frames: Frame[] = [];
  const ends: string[] = [];
  const failed: boolean[] = [];
  const partsAtNs: number[] = [];
  const ofPairs = new ByteCount();
  const traffic = new Traffic(() => ofPairs);
  const events: SessionEvents = {
    onFrame: (frame) => {
      onFrame?.(frame);
      frames.push(frame);
    },
    onPart: () => partsAtNs.push(runtime.clock.monotonicNs()),
    onEnd: (why, isFailed) => {
      ends.push(why);
      failed.push(isFailed);
    },
  };
  const session = new Session(link, runtime, epoch, events, traffic);
  return { session, link, frames, ends, failed, partsAtNs, traffic, ofPairs, run: session.run() };
}

function connected(): { readonly runtime: TestRuntime; readonly dialler: Side; readonly accepter: Side } {
  const runtime = testRuntime();
  const [left, right] = linkPair();
  return { runtime, dialler: side(left, runtime, EPOCH), accepter: side(right, runtime, undefined) };
}

/** One side, fed with raw bytes. */
function alone(onFrame?: (frame: Frame) => void): { readonly runtime: TestRuntime; readonly accepter: Side } {
  const runtime = testRuntime();
  const [, right] = linkPair();
  right.peer = undefined;
  return { runtime, accepter: side(right, runtime, undefined, onFrame) };
}

function frame(fields: Partial<Frame>): Uint8Array {
  return encodeFrame({
    kind: "write",
    flags: 0,
    pairId: 1,
    epoch: EPOCH,
    sequence: 0,
    offsetBytes: 0,
    payload: new Uint8Array(0),
    ...fields,
  });
}

const kinds = fc.constantFrom(...FRAME_KINDS.filter((kind) => kind !== "ping" && kind !== "pong"));
const u32 = fc.nat({ max: 0xffff_ffff });
const messages = fc.array(fc.tuple(kinds, fc.uint8Array({ maxLength: 60 })), { minLength: 1, maxLength: 8 });

test("frames arrive once, in order, as sent, however the link cuts the stream up", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(messages, messages, fc.integer({ min: 1, max: 70 }), async (there, back, chunkBytes) => {
      const { dialler, accepter } = connected();
      dialler.link.carry = (bytes) =>
        Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, turn) =>
          bytes.subarray(turn * chunkBytes, (turn + 1) * chunkBytes),
        );
      let sentBytes = 0;
      for (const [kind, payload] of there) {
        dialler.session.send(kind, { payload });
        sentBytes += frameBytes(payload.length);
      }
      await drained();
      for (const [kind, payload] of back) accepter.session.send(kind, { payload });
      await drained();
      expect(accepter.frames.map(({ kind, payload }) => [kind, payload])).toEqual(there);
      expect(dialler.frames.map(({ kind, payload }) => [kind, payload])).toEqual(back);
      expect(accepter.frames.map(({ sequence }) => sequence)).toEqual(there.map((_, index) => index));
      expect([accepter.session.epoch, dialler.traffic.sentBytes, accepter.traffic.receivedBytes]).toEqual([
        EPOCH,
        sentBytes,
        sentBytes,
      ]);
    }),
  );
});

test("after a cut between any two bytes only whole frames before it have arrived", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(messages, fc.nat(), async (list, pick) => {
      const { runtime, dialler, accepter } = connected();
      const totalBytes = list.reduce((sum, [, payload]) => sum + frameBytes(payload.length), 0);
      let leftBytes = pick % (totalBytes + 1);
      dialler.link.carry = (bytes) => {
        const part = bytes.subarray(0, leftBytes);
        leftBytes -= part.length;
        return [part];
      };
      let whole = 0;
      for (let at = leftBytes; whole < list.length; whole++) {
        at -= frameBytes(list[whole]?.[1].length ?? 0);
        if (at < 0) break;
      }
      for (const [kind, payload] of list) dialler.session.send(kind, { payload });
      await drained();
      dialler.session.end("cut");
      await accepter.run;
      expect(accepter.frames.map(({ kind, payload }) => [kind, payload])).toEqual(list.slice(0, whole));
      expect([accepter.ends, dialler.ends]).toEqual([["closed by peer"], ["cut"]]);
      expect(runtime.escaped).toEqual([]);
    }),
  );
});

test.each<[string, Partial<Frame>, string]>([
  ["of another epoch", { sequence: 1, epoch: EPOCH + 1 }, "expected epoch 7, found 8"],
  ["seen before", { sequence: 0 }, "expected frame 1, found 0"],
  ["after a gap", { sequence: 2 }, "expected frame 1, found 2"],
])("a frame %s ends the session and is not delivered, nor is anything after it", async (_, fields, why) => {
  const { accepter } = alone();
  accepter.link.arrive(frame({}));
  accepter.link.arrive(frame(fields));
  accepter.link.arrive(frame({ sequence: 1 }));
  await accepter.run;
  expect(accepter.frames).toHaveLength(1);
  expect(accepter.ends).toEqual([`protocol: ${why}`]);
});

test("a frame that does not start at sequence 0 opens no session", async () => {
  const { accepter } = alone();
  accepter.link.arrive(frame({ sequence: 1 }));
  await accepter.run;
  expect([accepter.frames, accepter.ends]).toEqual([[], ["protocol: expected frame 0, found 1"]]);
});

test("a receiver that objects ends the session; frames behind in the same chunk are not delivered", async () => {
  const { accepter } = alone((found) => {
    if (found.sequence === 1) throw new CodecError("no such pair");
  });
  accepter.link.arrive(Uint8Array.of(...frame({}), ...frame({ sequence: 1 }), ...frame({ sequence: 2 })));
  await accepter.run;
  expect([accepter.frames.length, accepter.ends]).toEqual([1, ["protocol: no such pair"]]);
});

test("a receiver that ends the session itself is told nothing more", async () => {
  const runtime = testRuntime();
  const [, right] = linkPair();
  right.peer = undefined;
  const accepter: Side = side(right, runtime, undefined, () => accepter.session.end("enough"));
  right.arrive(Uint8Array.of(...frame({}), ...frame({ sequence: 1 })));
  await accepter.run;
  expect([accepter.frames.length, accepter.ends]).toEqual([1, ["enough"]]);
});

test("a reset ends both sides, once, whether they read or write", async () => {
  const { runtime, dialler, accepter } = connected();
  dialler.session.send("hello");
  await drained();
  dialler.link.reset();
  dialler.session.send("write");
  await Promise.all([dialler.run, accepter.run]);
  await drained();
  expect([dialler.ends, accepter.ends]).toEqual([["link reset"], ["link reset"]]);
  expect(runtime.escaped).toEqual([]);
});

test("a bug in a receiver is not taken for the peer's fault", async () => {
  const { accepter } = alone(() => {
    throw new TypeError("ours");
  });
  accepter.link.arrive(frame({}));
  await expect(accepter.run).rejects.toThrow(TypeError);
});

const SECOND_NS = 1_000 * NS_PER_MS;

test("an idle session lives on pings, which its users never see", async () => {
  const { runtime, dialler, accepter } = connected();
  dialler.session.send("hello");
  await runtime.clock.pass(60 * SECOND_NS);
  expect([dialler.ends, accepter.ends, dialler.frames, accepter.frames.length]).toEqual([[], [], [], 1]);
  const kindsSent = [dialler, accepter].map(
    ({ link }) => new Set(link.written.map((bytes) => decodeFrame(bytes).kind)),
  );
  expect(kindsSent).toEqual([new Set(["hello", "ping"]), new Set(["pong"])]);
});

test("a half-open link is noticed by both sides within five seconds", async () => {
  const { runtime, dialler, accepter } = connected();
  dialler.session.send("hello");
  await runtime.clock.pass(10 * SECOND_NS);
  // Both still send; nothing arrives any more.
  dialler.link.carry = () => [];
  accepter.link.carry = () => [];
  dialler.link.peer = undefined;
  accepter.link.peer = undefined;
  await runtime.clock.pass(3 * SECOND_NS - 1);
  expect([dialler.ends, accepter.ends]).toEqual([[], []]);
  await runtime.clock.pass(2 * SECOND_NS + 1);
  expect([dialler.ends, accepter.ends]).toEqual([["peer silent"], ["peer silent"]]);
});

test("a side that hears its peer but is not heard keeps the session until the peer gives up", async () => {
  const { runtime, dialler, accepter } = connected();
  dialler.session.send("hello");
  await runtime.clock.pass(SECOND_NS);
  accepter.link.carry = () => [];
  await runtime.clock.pass(5 * SECOND_NS);
  expect([dialler.ends, accepter.ends]).toEqual([["peer silent"], ["closed by peer"]]);
});

test("a stranger that never speaks is dropped, without a word to it", async () => {
  const { runtime, accepter } = alone();
  await runtime.clock.pass(5 * SECOND_NS);
  expect([accepter.ends, accepter.link.written]).toEqual([["peer silent"], []]);
});

test("an ended session keeps no timer: nothing happens to it afterwards", async () => {
  const { runtime, dialler, accepter } = connected();
  dialler.session.send("hello");
  await drained();
  dialler.session.end("by hand");
  dialler.session.end("again");
  await accepter.run;
  await runtime.clock.pass(30 * SECOND_NS);
  expect([dialler.ends, accepter.ends, dialler.link.written.length]).toEqual([["by hand"], ["closed by peer"], 1]);
});

test("a session that is ended before it runs reads nothing and keeps no timer", async () => {
  const runtime = testRuntime();
  const [link, other] = linkPair();
  const ends: string[] = [];
  const session = new Session(link, runtime, EPOCH, { onFrame: () => {}, onEnd: (why) => ends.push(why) });
  session.end("too late");
  await session.run();
  await runtime.clock.pass(30 * SECOND_NS);
  expect([ends, link.written, await other.read()]).toEqual([["too late"], [], undefined]);
});

test("of what was read so much is given back as nobody needs: up to the first ordered frame that is not given back", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.tuple(kinds, fc.nat({ max: 60 })), fc.nat({ max: 2 })), { minLength: 1, maxLength: 25 }),
      async (list) => {
        const { dialler, accepter } = connected();
        let givenBytes = 0;
        Object.assign(accepter.link, { giveBack: (lengthBytes: number) => (givenBytes += lengthBytes) });
        const frames: { readonly ordered: boolean; readonly bytes: number }[] = [];
        let givenFrames = 0;
        const ordered = (): number => frames.filter((each) => each.ordered).length;
        for (const step of list) {
          if (typeof step === "number") {
            const count = Math.min(step, ordered() - givenFrames);
            accepter.session.giveBack(count);
            givenFrames += count;
          } else {
            const [kind, payloadBytes] = step;
            dialler.session.send(kind, { payload: new Uint8Array(payloadBytes) });
            frames.push({ ordered: isOrdered(kind), bytes: frameBytes(payloadBytes) });
            await drained();
          }
          let freeBytes = 0;
          let left = givenFrames;
          for (const each of frames) {
            if (each.ordered && left-- === 0) break;
            freeBytes += each.bytes;
          }
          // What lies between an ordered frame that is needed and the one before it may wait for that.
          expect(givenBytes).toBeLessThanOrEqual(freeBytes);
          if (ordered() === givenFrames) expect(givenBytes).toBe(freeBytes);
        }
        accepter.session.giveBack(ordered() - givenFrames);
        expect(givenBytes).toBe(frames.reduce((sum, { bytes }) => sum + bytes, 0));
      },
    ),
  );
});

test("a session ends before its sequence numbers do, and while there are enough left for whoever is sending", async () => {
  const runtime = testRuntime();
  const [left, right] = linkPair();
  const ends: string[] = [];
  const events: SessionEvents = { onFrame: () => {}, onEnd: (why) => ends.push(why) };
  const session = new Session(left, runtime, EPOCH, events, undefined, 8);
  void session.run();
  void side(right, runtime, undefined).run;
  for (let sent = 0; sent < 4; sent++) session.send("hello");
  await runtime.clock.pass(1_000 * NS_PER_MS);
  expect(ends).toEqual([]);
  for (let sent = 0; sent < 3; sent++) session.send("hello");
  await runtime.clock.pass(1_000 * NS_PER_MS);
  expect(ends).toEqual(["sequence numbers run out"]);
});

test("a frame arrives with what it was sent with, and what it was not given is 0", async () => {
  const fields = fc.record(
    { pairId: u32, flags: fc.nat({ max: 0xff }), offsetBytes: fc.maxSafeNat(), payload: fc.uint8Array() },
    { requiredKeys: [] },
  );
  await checkAsyncLaw(
    fc.asyncProperty(kinds, fields, async (kind, given) => {
      const { dialler, accepter } = connected();
      dialler.session.send(kind, given);
      await drained();
      expect(accepter.frames).toEqual([
        { kind, flags: 0, pairId: 0, epoch: EPOCH, sequence: 0, offsetBytes: 0, payload: new Uint8Array(0), ...given },
      ]);
      const bytes = (given.pairId ?? 0) === 0 ? 0 : frameBytes(given.payload?.length ?? 0);
      expect([dialler.ofPairs.sentBytes, accepter.ofPairs.receivedBytes]).toEqual([bytes, bytes]);
    }),
  );
});

test("what cannot be done is told as a failure, an end is not; both end the session for good", async () => {
  const { dialler, accepter } = connected();
  dialler.session.send("hello");
  await drained();
  dialler.session.fail("the volume is too small");
  dialler.session.end("again");
  await accepter.run;
  expect([dialler.ends, dialler.failed, dialler.session.ended]).toEqual([["the volume is too small"], [true], true]);
  expect([accepter.ends, accepter.failed, accepter.session.ended]).toEqual([["closed by peer"], [false], true]);
});

test("a link that refuses what is written ends the session", async () => {
  const { runtime, dialler, accepter } = connected();
  Object.assign(dialler.link, { write: () => Promise.reject(new LinkError("RESET", "reset")) });
  dialler.session.send("hello");
  await drained();
  expect([dialler.ends, accepter.ends, runtime.escaped]).toEqual([["link reset"], ["closed by peer"], []]);
});

test("each second in which a part came, and no whole frame, is told; silence is not", async () => {
  const { runtime, accepter } = alone();
  const first = frame({ payload: new Uint8Array(64) });
  const part = async (from: number, to: number): Promise<void> => {
    await runtime.clock.pass(SECOND_NS / 2);
    accepter.link.arrive(first.subarray(from, to));
    await runtime.clock.pass(SECOND_NS / 2);
  };
  await part(0, 10);
  await part(10, 20);
  await part(20, first.length);
  await runtime.clock.pass(2 * SECOND_NS);
  expect([accepter.partsAtNs, accepter.frames.length, accepter.ends]).toEqual([[SECOND_NS, 2 * SECOND_NS], 1, []]);
});

test("nothing is given back before there is something, nor after the end", async () => {
  const { dialler, accepter } = connected();
  const given: number[] = [];
  Object.assign(accepter.link, { giveBack: (lengthBytes: number) => given.push(lengthBytes) });
  dialler.link.carry = (bytes) => [bytes.subarray(0, 10), bytes.subarray(10)];
  dialler.session.send("write", { payload: new Uint8Array(10) });
  await drained();
  accepter.session.end("enough");
  accepter.session.giveBack(1);
  expect([accepter.frames.length, given]).toEqual([1, []]);
});

test("a link that takes nothing back, and a user who asks for no parts, are left alone", async () => {
  const runtime = testRuntime();
  const [, link] = linkPair();
  link.peer = undefined;
  const seen: string[] = [];
  const events: SessionEvents = { onFrame: ({ kind }) => seen.push(kind), onEnd: (why) => seen.push(why) };
  const session = new Session(link, runtime, undefined, events);
  void session.run();
  link.arrive(frame({}));
  await drained();
  session.giveBack(1);
  await runtime.clock.pass(SECOND_NS / 2);
  link.arrive(frame({ sequence: 1 }).subarray(0, 10));
  await runtime.clock.pass(SECOND_NS / 2);
  link.arrive(frame({ sequence: 1 }).subarray(10, 20));
  await runtime.clock.pass(SECOND_NS);
  expect([seen, runtime.escaped]).toEqual([["write"], []]);
});
