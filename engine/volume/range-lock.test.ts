import fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../assert.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { type Held, RangeLock, type Watch } from "./range-lock.ts";

interface Request {
  readonly start: number;
  readonly end: number;
  release: (() => void) | undefined;
  state: "waits" | "holds" | "done";
}

function overlap(left: Pick<Request, "start" | "end">, right: Pick<Request, "start" | "end">): boolean {
  return left.start < right.end && right.start < left.end;
}

function ask(lock: RangeLock, start: number, end: number): Request {
  const request: Request = { start, end, release: undefined, state: "waits" };
  const granted = end === Number.POSITIVE_INFINITY ? lock.drain() : lock.acquire(start, end);
  void granted.then((release) => {
    request.release = release;
    request.state = "holds";
  });
  return request;
}

/** A request holds exactly if no earlier one that overlaps it is still there: exclusion and first come, first served. */
function expectFair(requests: readonly Request[]): void {
  requests.forEach((request, index) => {
    if (request.state === "done") return;
    const before = requests.slice(0, index).filter((earlier) => earlier.state !== "done" && overlap(earlier, request));
    expect(request.state, `request ${index}`).toBe(before.length === 0 ? "holds" : "waits");
  });
}

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("acquire" as const),
      start: fc.nat({ max: 12 }),
      length: fc.integer({ min: 1, max: 6 }),
    }),
    fc.record({ kind: fc.constant("drain" as const) }),
    fc.record({ kind: fc.constant("release" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("release" as const), pick: fc.nat() }),
  ),
  { maxLength: 40, size: "max" },
);

test("a range is held exactly if nothing earlier overlaps it, and in the end everyone has had it", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(steps, async (list) => {
      const lock = new RangeLock();
      const requests: Request[] = [];
      const releaseOne = async (pick: number): Promise<boolean> => {
        const holders = requests.filter(({ state }) => state === "holds");
        const holder = holders[pick % Math.max(1, holders.length)];
        if (holder === undefined) return false;
        holder.state = "done";
        holder.release?.();
        await drained();
        return true;
      };
      for (const step of list) {
        if (step.kind === "release") await releaseOne(step.pick);
        else if (step.kind === "drain") requests.push(ask(lock, 0, Number.POSITIVE_INFINITY));
        else requests.push(ask(lock, step.start, step.start + step.length));
        await drained();
        expectFair(requests);
        expect(lock.size).toBe(requests.filter(({ state }) => state !== "done").length);
      }
      // One request a round at least is served, so this many rounds are enough.
      for (let round = 0; round < requests.length; round++) await releaseOne(round);
      expect(requests.map(({ state }) => state)).toEqual(requests.map(() => "done"));
      expect(lock.size).toBe(0);
    }),
  );
});

/** A watch, and whether somebody has asked for a part of it since. */
interface Watched {
  readonly start: number;
  readonly end: number;
  readonly watch: Watch;
  disturbed: boolean;
}

test("a watch is given exactly where nobody is, makes nobody wait, and tells of whoever has come since", async () => {
  const watching = fc.record({
    kind: fc.constantFrom("acquire" as const, "try" as const, "watch" as const, "unwatch" as const, "release" as const),
    start: fc.nat({ max: 12 }),
    length: fc.integer({ min: 1, max: 6 }),
    pick: fc.nat(),
  });
  await checkAsyncLaw(
    fc.asyncProperty(fc.array(watching, { maxLength: 40, size: "max" }), async (list) => {
      const lock = new RangeLock();
      const requests: Request[] = [];
      const watches: Watched[] = [];
      const live = (): readonly Request[] => requests.filter(({ state }) => state !== "done");
      const asked = (request: Request): void => {
        requests.push(request);
        for (const watched of watches) if (overlap(request, watched)) watched.disturbed = true;
      };
      for (const { kind, start, length, pick } of list) {
        const end = start + length;
        if (kind === "acquire") asked(ask(lock, start, end));
        else if (kind === "try") {
          const held = lock.tryHold(start, end);
          if (held !== undefined) asked({ start, end, release: () => lock.release(held), state: "holds" });
        } else if (kind === "watch") {
          const isFree = !live().some((request) => overlap(request, { start, end }));
          const watch = lock.watch(start, end);
          expect(watch !== undefined).toBe(isFree);
          if (watch !== undefined) watches.push({ start, end, watch, disturbed: false });
        } else if (kind === "unwatch") {
          const [watched] = watches.splice(pick % Math.max(1, watches.length), 1);
          if (watched !== undefined) lock.unwatch(watched.watch);
        } else {
          const holders = requests.filter(({ state }) => state === "holds");
          const holder = holders[pick % Math.max(1, holders.length)];
          if (holder !== undefined) holder.state = "done";
          holder?.release?.();
        }
        await drained();
        expect(watches.map(({ watch }) => watch.isDisturbed)).toEqual(watches.map(({ disturbed }) => disturbed));
        expectFair(requests);
        expect(lock.size).toBe(live().length);
      }
    }),
  );
});

test("a release that lets several go lets no two of them overlap", async () => {
  const lock = new RangeLock();
  const requests = [ask(lock, 0, 10), ask(lock, 0, 4), ask(lock, 6, 9), ask(lock, 3, 7)];
  await drained();
  requests[0]?.release?.();
  // At once, before any of those that may go has noticed.
  requests.push(ask(lock, 4, 6));
  await drained();
  expect(requests.slice(1).map(({ state }) => state)).toEqual(["holds", "holds", "waits", "waits"]);
});

test("a range is given back once", async () => {
  const lock = new RangeLock();
  const release = await lock.acquire(0, 1);
  release();
  expect(release).toThrow(AssertionError);
});

/** Somebody who asked in one of the ways that there are. */
interface Asker extends Request {
  readonly passesPlaced: boolean;
  held: Held | undefined;
  isPlaced: boolean;
}

function asker(lock: RangeLock, kind: "acquire" | "hold" | "still" | "drain", start: number, end: number): Asker {
  const isWhole = kind === "still" || kind === "drain";
  const range = isWhole ? { start: 0, end: Number.POSITIVE_INFINITY } : { start, end };
  const mine: Asker = {
    ...range,
    passesPlaced: kind === "still",
    held: undefined,
    isPlaced: false,
    release: undefined,
    state: "waits",
  };
  const holds = (release: () => void): void => {
    mine.release = release;
    mine.state = "holds";
  };
  if (kind === "hold")
    void lock.hold(start, end).then((held) => {
      mine.held = held;
      holds(() => lock.release(held));
    });
  else void (kind === "acquire" ? lock.acquire(start, end) : lock[kind]()).then(holds);
  return mine;
}

test("in whatever way one asks, one waits for those before who overlap, but whoever only wants the disk still not for what is placed", async () => {
  const asking = fc.record({
    kind: fc.constantFrom(
      "acquire" as const,
      "hold" as const,
      "try" as const,
      "still" as const,
      "drain" as const,
      "place" as const,
      "release" as const,
      "release" as const,
    ),
    start: fc.nat({ max: 12 }),
    length: fc.integer({ min: 1, max: 6 }),
    pick: fc.nat(),
  });
  await checkAsyncLaw(
    fc.asyncProperty(fc.array(asking, { maxLength: 40, size: "max" }), async (list) => {
      const lock = new RangeLock();
      const live: Asker[] = [];
      const isBlocked = (waiter: Pick<Asker, "start" | "end" | "passesPlaced">, earlier: readonly Asker[]): boolean =>
        earlier.some((other) => overlap(other, waiter) && !(other.isPlaced && waiter.passesPlaced));
      for (const { kind, start, length, pick } of list) {
        const end = start + length;
        const holders = live.filter(({ state }) => state === "holds");
        if (kind === "try") {
          const held = lock.tryHold(start, end);
          expect(held !== undefined).toBe(!isBlocked({ start, end, passesPlaced: false }, live));
          const release = (): void => lock.release(held as Held);
          if (held !== undefined)
            live.push({ start, end, passesPlaced: false, held, isPlaced: false, release, state: "holds" });
        } else if (kind === "place") {
          const placeable = holders.filter(({ held }) => held !== undefined);
          const one = placeable[pick % Math.max(1, placeable.length)];
          if (one?.held !== undefined) lock.placed(one.held);
          if (one !== undefined) one.isPlaced = true;
        } else if (kind === "release") {
          const one = holders[pick % Math.max(1, holders.length)];
          if (one !== undefined) live.splice(live.indexOf(one), 1);
          one?.release?.();
        } else live.push(asker(lock, kind, start, end));
        await drained();
        expect(live.map(({ state }) => state)).toEqual(
          live.map((one, index) => (isBlocked(one, live.slice(0, index)) ? "waits" : "holds")),
        );
      }
    }),
  );
});

test("whoever only wants the disk to be still passes what is placed, no other; what comes later waits behind it", async () => {
  const lock = new RangeLock();
  const [placed, other] = [await lock.hold(0, 4), await lock.hold(4, 8)];
  lock.placed(placed);
  let still: (() => void) | undefined;
  void lock.still().then((release) => {
    still = release;
  });
  const later = ask(lock, 20, 24);
  const drain = ask(lock, 0, Number.POSITIVE_INFINITY);
  await drained();
  expect([still, later.state]).toEqual([undefined, "waits"]);
  lock.placed(other);
  await drained();
  expect([typeof still, later.state]).toEqual(["function", "waits"]);
  // The acknowledgements may come while the disk is still, or after.
  lock.release(placed);
  still?.();
  await drained();
  expect([later.state, drain.state]).toEqual(["holds", "waits"]);
  later.release?.();
  lock.release(other);
  await drained();
  expect(drain.state).toBe("holds");
});
