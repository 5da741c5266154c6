import fc from "fast-check";
import { expect, test } from "vitest";
import { DiskError } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk, type WriteFate } from "../testing/fake-disk.ts";
import { Bitmap } from "../volume/bitmap.ts";
import type { IntentStore } from "./intent-store.ts";

/** One way to remember updates, as the suite opens it. */
export interface IntentStoreKind {
  readonly name: string;
  readonly trackCount: number;
  readonly diskBytes: number;
  /** Tracks that steps choose from: both sides of every edge. */
  readonly spots: readonly number[];
  /** Whether what is pending is marked alone, but for a few tracks. */
  readonly isExact: boolean;
  open(disk: FakeDisk, isPending: (track: number) => boolean): IntentStore;
}

/** What every {@link IntentStore} does (LS-3, rule 3). */
export function intentStoreConformance(kind: IntentStoreKind): void {
  /** What the next start finds. */
  async function loaded(disk: FakeDisk): Promise<{ readonly tracks: Bitmap; readonly corrupt: number }> {
    const tracks = new Bitmap(kind.trackCount);
    const corrupt = await kind.open(disk, () => false).load(tracks);
    return { tracks, corrupt };
  }

  /** A disk that holds valid sectors, with the marks of `tracks`. */
  async function diskWith(tracks: ReadonlySet<number>): Promise<FakeDisk> {
    const disk = new FakeDisk(kind.diskBytes);
    await kind.open(disk, (track) => tracks.has(track)).writeAll();
    return disk.afterCrash();
  }

  const spot = fc.constantFrom(...kind.spots);

  /** A host write and its mark. */
  interface Writer {
    readonly tracks: readonly number[];
    mark: "asked" | "durable" | "failed";
  }

  /** Host writes on a bitmap whose disk writes end when, and as, the steps say. */
  class Story {
    readonly disk: FakeDisk;
    readonly intents: IntentStore;
    readonly writers: Writer[] = [];
    readonly #waiting: ((fate: WriteFate) => void)[] = [];
    readonly unexpected: unknown[] = [];

    constructor(disk: FakeDisk) {
      this.disk = disk;
      this.disk.decide = () => new Promise((resolve) => this.#waiting.push(resolve));
      this.intents = kind.open(disk, (track) => this.writers.some((writer) => writer.tracks.includes(track)));
    }

    begin(first: number, length: number): void {
      const last = Math.min(first + length, kind.trackCount) - 1;
      const writer: Writer = {
        tracks: Array.from({ length: last - first + 1 }, (_, index) => first + index),
        mark: "asked",
      };
      this.writers.push(writer);
      const marked = this.intents.mark(first, last);
      if (marked === undefined) writer.mark = "durable";
      else
        void this.#expectDiskError(marked).then((done) => {
          writer.mark = done ? "durable" : "failed";
        });
    }

    forget(pick: number): void {
      this.writers.splice(pick % Math.max(1, this.writers.length), 1);
    }

    sweep(): void {
      const pendingCount = new Set(this.writers.flatMap((writer) => writer.tracks)).size;
      void this.#expectDiskError(this.intents.sweep(pendingCount, true));
    }

    writeAll(): void {
      void this.#expectDiskError(this.intents.writeAll());
    }

    async #expectDiskError(work: Promise<void>): Promise<boolean> {
      try {
        await work;
        return true;
      } catch (error) {
        if (!(error instanceof DiskError)) this.unexpected.push(error);
        return false;
      }
    }

    /** Disk writes. */
    get underWay(): number {
      return this.#waiting.length;
    }

    /** Ends one of the disk writes under way. */
    settle(pick: number, fate: WriteFate): void {
      this.#waiting.splice(pick % Math.max(1, this.#waiting.length), 1)[0]?.(fate);
    }

    async settleAll(fate: () => WriteFate): Promise<void> {
      for (const settle of this.#waiting.splice(0)) settle(fate());
      await drained();
    }

    /** What a crash now would leave speaks for every mark that was answered and is still needed. */
    async expectSafe(): Promise<void> {
      const { tracks, corrupt } = await loaded(new FakeDisk(this.disk.durable));
      expect([corrupt, this.unexpected]).toEqual([0, []]);
      for (const writer of this.writers) {
        if (writer.mark !== "durable") continue;
        for (const track of writer.tracks) if (!tracks.has(track)) expect.fail(`track ${track} is lost`);
      }
    }
  }

  type Step = (story: Story) => void;

  const pick = fc.nat({ max: 9 });
  const actions: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(spot, fc.integer({ min: 1, max: 3 })).map(
        ([first, length]): Step =>
          (story) =>
            story.begin(first, length),
      ),
    },
    {
      weight: 2,
      arbitrary: pick.map(
        (at): Step =>
          (story) =>
            story.forget(at),
      ),
    },
    { weight: 2, arbitrary: fc.constant<Step>((story) => story.sweep()) },
    { weight: 1, arbitrary: fc.constant<Step>((story) => story.writeAll()) },
    {
      weight: 5,
      arbitrary: pick.map(
        (at): Step =>
          (story) =>
            story.settle(at, "done"),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(pick, fc.boolean()).map(
        ([at, kept]): Step =>
          (story) =>
            story.settle(at, { fails: () => kept }),
      ),
    },
  );
  /** Each with the microtasks that pass after it; 0 for all. The next step may come in any gap. */
  const steps = fc.array(fc.tuple(actions, fc.nat({ max: 6 })), { maxLength: 40, size: "max" });

  async function play(list: readonly (readonly [Step, number])[]): Promise<Story> {
    const story = new Story(await diskWith(new Set()));
    await story.intents.load(new Bitmap(kind.trackCount));
    for (const [act, microtasks] of list) {
      act(story);
      for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
      if (microtasks > 0) continue;
      await drained();
      await story.expectSafe();
    }
    return story;
  }

  test(`${kind.name}: after a crash at any moment every track is marked that was marked durably and is still pending`, async () => {
    await checkAsyncLaw(
      fc.asyncProperty(steps, fc.infiniteStream(fc.boolean()), async (list, survives) => {
        const story = await play(list);
        // Power is lost: of every write under way the sector is old or new.
        await story.settleAll(() => {
          const kept = survives.next().value === true;
          return { fails: () => kept };
        });
        await story.expectSafe();
        expect(story.unexpected).toEqual([]);
      }),
      150,
    );
  });

  test(`${kind.name}: once its end has settled nothing of it is under way, and nothing is written any more`, async () => {
    await checkAsyncLaw(
      fc.asyncProperty(steps, steps, async (before, after) => {
        const story = await play(before);
        let isOver = false;
        const ending = story.intents.end().then(() => {
          isOver = true;
        });
        for (let round = 0; !isOver && round < 100; round++) {
          await story.settleAll(() => (round === 0 ? { fails: () => false } : "done"));
          expect(isOver && story.underWay > 0).toBe(false);
        }
        await ending;
        const { writes } = story.disk;
        for (const [act] of after) act(story);
        await drained();
        expect([story.underWay, story.disk.writes - writes]).toEqual([0, 0]);
      }),
      60,
    );
  });

  test(`${kind.name}: whatever failed before, on a device that works again every mark becomes durable`, async () => {
    await checkAsyncLaw(
      fc.asyncProperty(steps, async (list) => {
        const story = await play(list);
        for (const track of kind.spots) story.begin(track, 1);
        // Each place is written at most twice: the write under way, and the one after it.
        for (let round = 0; round < 100; round++) await story.settleAll(() => "done");
        expect(story.writers.slice(-kind.spots.length).map(({ mark }) => mark)).toEqual(
          kind.spots.map(() => "durable"),
        );
        await story.expectSafe();
      }),
      100,
    );
  });

  test(`${kind.name}: whoever asks for a mark hears in the end, and those who ask during a write share the next one`, async () => {
    const disk = await diskWith(new Set());
    const waiting: ((fate: WriteFate) => void)[] = [];
    disk.decide = () => new Promise((resolve) => waiting.push(resolve));
    const intents = kind.open(disk, () => true);
    await intents.load(new Bitmap(kind.trackCount));
    const marks = [intents.mark(0, 0), intents.mark(1, 1), intents.mark(2, 2)];
    await drained();
    expect(waiting).toHaveLength(1);
    waiting[0]?.("done");
    await drained();
    expect(waiting).toHaveLength(2);
    waiting[1]?.("done");
    for (const mark of marks) await mark;
    expect([disk.writes, [0, 1, 2].map((track) => intents.mark(track, track))]).toEqual([
      2,
      [undefined, undefined, undefined],
    ]);
  });

  test(`${kind.name}: a mark whose write failed is asked for again, not believed`, async () => {
    const disk = await diskWith(new Set());
    const intents = kind.open(disk, () => true);
    await intents.load(new Bitmap(kind.trackCount));
    disk.decide = () => ({ fails: () => false });
    await expect(intents.mark(5, 5)).rejects.toThrow(DiskError);
    disk.decide = () => "done";
    await intents.mark(5, 5);
    expect((await loaded(disk.afterCrash())).tracks.has(5)).toBe(true);
  });

  test(`${kind.name}: a swept mark is gone from the disk, and the next write of its track marks it again`, async () => {
    const disk = await diskWith(new Set([1, kind.trackCount - 1]));
    const intents = kind.open(disk, (track) => track === 1);
    await intents.load(new Bitmap(kind.trackCount));
    await intents.sweep(1, true);
    expect([...(await loaded(new FakeDisk(disk.durable))).tracks.indices()]).toEqual([1]);
    await intents.mark(kind.trackCount - 1, kind.trackCount - 1);
    expect([...(await loaded(disk.afterCrash())).tracks.indices()]).toEqual([1, kind.trackCount - 1]);
  });

  if (!kind.isExact) return;

  test(`${kind.name}: few stale marks stay, so that writing there again costs nothing; many are swept`, async () => {
    const disk = await diskWith(new Set(Array.from({ length: 128 }, (_, index) => index)));
    const intents = kind.open(disk, () => false);
    await intents.load(new Bitmap(kind.trackCount));
    await intents.sweep(0, false);
    expect([disk.writes, intents.mark(0, 127)]).toEqual([0, undefined]);
    await intents.mark(128, 128);
    await intents.sweep(0, false);
    expect((await loaded(disk.afterCrash())).tracks.count).toBe(0);
  });
}
