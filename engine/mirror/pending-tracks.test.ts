import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { PendingTracks } from "./pending-tracks.ts";

const TRACKS = 6;

interface HostWrite {
  readonly id: number;
  readonly first: number;
  readonly last: number;
  /** begun: marked only · issued: its data may be on the local disk · completed there */
  state: "begun" | "issued" | "completed";
}

/** By track the writes whose data it holds; a track holds each write or not, as hosts write different bytes of it. */
type Content = Set<number>[];

function content(): Content {
  return Array.from({ length: TRACKS }, () => new Set<number>());
}

function absorb(into: Content, from: Content): void {
  from.forEach((ids, track) => {
    for (const id of ids) into[track]?.add(id);
  });
}

/**
 * A primary's volume and its other end, in the simplest way that can be true: contents are sets of
 * writes. Plays what `Volume`, `Pair` and the resync do with `PendingTracks`.
 */
class Model {
  readonly pending = new PendingTracks(TRACKS);
  /** All writes whose data may be anywhere. */
  readonly issued = content();
  readonly #local = content();
  readonly localDurable = content();
  readonly #remote = content();
  readonly remoteDurable = content();
  /** Frames of the present session, by sequence number. */
  #frames: Content[] = [];
  #applied = 0;
  #durable = 0;
  #live = true;
  #open: HostWrite[] = [];
  #tick = 0;
  #flushedTick = 0;
  #writes = 0;

  begin(first: number, last: number): void {
    this.pending.begin(first, last);
    this.#open.push({ id: this.#writes++, first, last, state: "begun" });
  }

  /** Moves one open write a step on. */
  advance(pick: number, localFails: boolean): void {
    const write = this.#open[pick % Math.max(1, this.#open.length)];
    if (write === undefined) return;
    const { id, first, last } = write;
    if (write.state === "begun") {
      write.state = "issued";
      for (let track = first; track <= last; track++) this.issued[track]?.add(id);
      if (!this.#live) this.pending.soil(first, last);
      else if (!this.pending.allDirty(first, last))
        this.pending.sent(
          first,
          last,
          this.#send(first, last, () => [id]),
        );
    } else if (write.state === "issued") {
      write.state = "completed";
      for (let track = first; track <= last; track++) this.#local[track]?.add(id);
      if (localFails) {
        this.pending.soil(first, last);
        this.cut(false);
      }
      this.#tick++;
    } else {
      this.#open.splice(this.#open.indexOf(write), 1);
      this.pending.end(first, last, this.#tick);
    }
  }

  #send(first: number, last: number, idsOf: (track: number) => Iterable<number>): number {
    const frame = content();
    for (let track = first; track <= last; track++) for (const id of idsOf(track)) frame[track]?.add(id);
    return this.#frames.push(frame) - 1;
  }

  /** A resync copies neighbouring dirty tracks. Their range is locked, so nothing writes there. */
  copy(from: number, tracks: number): void {
    const first = this.pending.dirty.next(from);
    if (first < 0 || !this.#live) return;
    let last = first;
    while (last - first + 1 < tracks && this.pending.dirty.has(last + 1)) last++;
    if (this.#open.some((write) => write.state !== "begun" && write.first <= last && first <= write.last)) return;
    const sequence = this.#send(first, last, (track) => this.#local[track] ?? []);
    this.pending.copied(first, last, sequence, this.#tick);
  }

  /** Every second track changes at both ends; the frame carries none of it. */
  tell(first: number): void {
    if (!this.#live) return;
    const tracks = Array.from({ length: TRACKS }, (_, index) => index).filter((index) => index % 2 === first % 2);
    const frame = content();
    const id = this.#writes++;
    for (const index of tracks) for (const ids of [this.issued, this.#local, frame]) ids[index]?.add(id);
    this.pending.tell(tracks);
    this.#tick++;
    this.pending.told(this.#frames.push(frame) - 1, this.#tick);
  }

  /** The other end applies some frames, and may flush. */
  apply(frames: number, flush: boolean): void {
    for (const frame of this.#frames.slice(this.#applied, this.#applied + frames)) {
      absorb(this.#remote, frame);
      this.#applied++;
    }
    if (!flush) return;
    absorb(this.remoteDurable, this.#remote);
    this.#durable = this.#applied;
  }

  flushLocal(): void {
    absorb(this.localDurable, this.#local);
    this.#flushedTick = this.#tick;
  }

  retire(): void {
    this.pending.retire(this.#durable - 1, this.#flushedTick);
  }

  cut(live: boolean): void {
    this.pending.lose();
    this.#frames = [];
    this.#applied = 0;
    this.#durable = 0;
    this.#live = live;
  }

  /** Lets everything come to rest and be copied. */
  settle(): void {
    this.#live = true;
    while (this.#open.length > 0) this.advance(0, false);
    while (this.pending.dirty.count > 0) this.copy(0, TRACKS);
    this.apply(this.#frames.length, true);
    this.flushLocal();
    this.retire();
  }
}

/** A track that is not pending holds every write, durably, on both sides. */
function expectNothingForgotten(model: Model): void {
  model.issued.forEach((ids, track) => {
    if (model.pending.has(track)) return;
    for (const id of ids) {
      if (!model.localDurable[track]?.has(id))
        expect.fail(`track ${track} was forgotten, and write ${id} is not durable here`);
      if (!model.remoteDurable[track]?.has(id))
        expect.fail(`track ${track} was forgotten, and write ${id} is not durable there`);
    }
  });
}

const track = fc.nat({ max: TRACKS - 1 });
const small = fc.nat({ max: 3 });
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant("begin" as const), track, small) },
    { weight: 8, arbitrary: fc.tuple(fc.constant("advance" as const), fc.nat({ max: 20 }), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("fail" as const), fc.nat({ max: 20 }), fc.constant(0)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant("copy" as const), track, small) },
    { weight: 3, arbitrary: fc.tuple(fc.constant("apply" as const), small, fc.nat({ max: 1 })) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom("flush" as const, "retire" as const), small, small) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("cut" as const), fc.nat({ max: 1 }), small) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("tell" as const), fc.nat({ max: 1 }), small) },
  ),
  { maxLength: 60, size: "max" },
);

function play(model: Model, [kind, a, b]: readonly [string, number, number]): void {
  if (kind === "begin") model.begin(a, Math.min(a + b, TRACKS - 1));
  else if (kind === "advance" || kind === "fail") model.advance(a, kind === "fail");
  else if (kind === "copy") model.copy(a, b + 1);
  else if (kind === "apply") model.apply(a, b === 1);
  else if (kind === "flush") model.flushLocal();
  else if (kind === "retire") model.retire();
  else if (kind === "tell") model.tell(a);
  else model.cut(a === 1);
}

test("a track is forgotten only when both sides hold every write to it durably", () => {
  checkLaw(
    fc.property(steps, (list) => {
      const model = new Model();
      for (const step of list) {
        play(model, step);
        expectNothingForgotten(model);
      }
    }),
    3_000,
  );
});

test("once everything is sent, durable on both sides and quiet, nothing is pending any more", () => {
  checkLaw(
    fc.property(steps, (list) => {
      const model = new Model();
      for (const step of list) play(model, step);
      model.settle();
      expectNothingForgotten(model);
      expect([model.pending.count, model.pending.activeCount]).toEqual([0, 0]);
    }),
    1_000,
  );
});

test("after a cut every track that was on its way is dirty, and none is active but those being written", () => {
  const pending = new PendingTracks(4);
  pending.begin(0, 1);
  pending.sent(0, 1, 0);
  pending.end(0, 1, 1);
  pending.begin(3, 3);
  pending.lose();
  expect([[...pending.dirty.indices()], pending.activeCount, pending.has(3)]).toEqual([[0, 1], 1, true]);
});

test("tracks that one frame told of are pending until it is durable there and its moment here", () => {
  const pending = new PendingTracks(100);
  const seen = (): unknown => [[...pending.indices(0)], pending.count, pending.activeCount];
  pending.tell([3, 70]);
  pending.retire(9, 9);
  expect(seen()).toEqual([[3, 70], 2, 2]);
  pending.told(0, 5);
  pending.tell([4]);
  pending.told(1, 6);
  expect([seen(), pending.has(70), pending.has(5)]).toEqual([[[3, 4, 70], 3, 3], true, false]);
  pending.retire(0, 6);
  pending.retire(1, 5);
  expect(seen()).toEqual([[3, 4, 70], 3, 3]);
  pending.retire(1, 6);
  expect(seen()).toEqual([[], 0, 0]);
  pending.tell([9]);
  pending.lose();
  pending.told(2, 7);
  pending.retire(2, 7);
  expect([seen(), [...pending.dirty.indices()]]).toEqual([[[9], 1, 0], [9]]);
});
