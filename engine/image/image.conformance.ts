import fc from "fast-check";
import { type ConformanceTest, expectSame, expectThat } from "../ports/conformance.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { FakeDisk, type WriteFate } from "../testing/fake-disk.ts";
import { Volume } from "../volume/volume.ts";
import type { Runtime } from "../runtime.ts";
import type { Image } from "./image.ts";

/** One of the image methods, and what a case may do to it (LS-9). */
export interface ImageConformanceOptions {
  readonly test: ConformanceTest;
  readonly method: string;
  /** A runtime of its own for one incarnation. */
  runtime(): Runtime;
  /** Lets everything happen that can happen without time. */
  drained(): Promise<void>;
  /** Lets time pass until `work` settles, if it may need time. */
  run?<T>(work: Promise<T>, runtime: Runtime): Promise<T>;
  /** Sizes of the disks that it needs beside the volume's, with room for the old content of `tracks` tracks. */
  sizesBytes(volume: { readonly sizeBytes: number; readonly trackBytes: number }, tracks: number): readonly number[];
  /** The image of a volume, not loaded; not yet a tap. */
  open(volume: Volume, disks: readonly FakeDisk[], runtime: Runtime): Opened | Promise<Opened>;
  /** What this method cannot show, each with the reason. */
  readonly lacks?: {
    /** Its space cannot run out. */
    readonly overflow?: string;
  };
}

/** An image, and what must happen before it can be fixed, once it is loaded and a tap. */
export interface Opened {
  readonly image: Image;
  readonly start?: () => Promise<void>;
}

const TRACK_BYTES = 4 * SECTOR_BYTES;
const TRACKS = 6;
/** The last track is partial. */
const SECTORS = TRACKS * 4 - 1;
const SIZE_BYTES = SECTORS * SECTOR_BYTES;
const CASES = 120;

type Step =
  | { readonly kind: "write" | "zero"; readonly sector: number; readonly sectors: number; readonly value: number }
  | { readonly kind: "fix" | "revise" | "release" | "flush" | "read" | "pause" };

const change = fc.record({
  kind: fc.constantFrom("write" as const, "zero" as const),
  sector: fc.nat({ max: SECTORS - 1 }),
  sectors: fc.integer({ min: 1, max: 9 }),
  value: fc.integer({ min: 1, max: 255 }),
});
const event = fc.record({ kind: fc.constantFrom("fix", "revise", "release", "flush", "read", "pause") });
const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof({ weight: 3, arbitrary: change }, event) as fc.Arbitrary<Step>, {
  maxLength: 14,
});

/** A volume with its image, and what is known of each moment. */
class Stage {
  readonly #options: ImageConformanceOptions;
  disk: FakeDisk;
  others: readonly FakeDisk[];
  runtime!: Runtime;
  volume!: Volume;
  image!: Image;
  /** What the owner of the image has durably: no image up to this moment is valid. */
  voided = 0;
  /** By moment: what the volume held. */
  readonly contents = new Map<number, Uint8Array>();
  /** The moment that was fixed last, was not released, and is not lost; 0 for none. */
  promised = 0;
  /** What a loss of power left of the disk that it did not hit in the middle of a write. */
  readonly #left = new Map<FakeDisk, FakeDisk>();
  crashed = false;
  /** There may be a reason to give the image up. */
  mayLose = false;

  constructor(options: ImageConformanceOptions, areaTracks: number) {
    this.#options = options;
    this.disk = new FakeDisk(new Uint8Array(SIZE_BYTES).map((_, at) => 1 + Math.floor(at / SECTOR_BYTES)));
    const sizesBytes = options.sizesBytes({ sizeBytes: SIZE_BYTES, trackBytes: TRACK_BYTES }, areaTracks);
    this.others = sizesBytes.map((sizeBytes) => new FakeDisk(sizeBytes));
  }

  async start(): Promise<void> {
    const runtime = this.#options.runtime();
    this.runtime = runtime;
    this.volume = new Volume("vol", this.disk, TRACK_BYTES, runtime);
    const opened = await this.#options.open(this.volume, this.others, runtime);
    this.image = opened.image;
    this.image.onLost = async (moment) => {
      expectThat(this.mayLose, "the image was given up although there was room and no device failed");
      // Before a change is made that the image does not hold, the owner knows; that takes its time.
      await this.#options.drained();
      this.voided = Math.max(this.voided, moment);
      this.promised = 0;
    };
    await this.image.load(this.voided);
    this.volume.addTap(this.image);
    if (opened.start !== undefined) await this.#run(opened.start());
  }

  #run<T>(work: Promise<T>): Promise<T> {
    return this.#options.run?.(work, this.runtime) ?? work;
  }

  /** Everything from write `index` on has this fate; a crash takes all disks at once. */
  strike(index: number, fate: WriteFate): void {
    let count = 0;
    const all = [this.disk, ...this.others];
    for (const disk of all)
      disk.decide = () => {
        if (count++ !== index) return "done";
        if (fate !== "done" && "crashes" in fate) {
          this.crashed = true;
          for (const other of all) if (other !== disk) this.#left.set(other, other.afterCrash());
        }
        return fate;
      };
  }

  /** The next program finds the disks as they were left. */
  async restart(): Promise<void> {
    const next = (disk: FakeDisk): FakeDisk => this.#left.get(disk) ?? disk.afterCrash();
    this.disk = next(this.disk);
    this.others = this.others.map(next);
    this.#left.clear();
    this.crashed = false;
    await this.start();
  }

  take(step: Step): Promise<void> {
    return this.#run(this.#take(step));
  }

  async #take(step: Step): Promise<void> {
    const { volume, image } = this;
    switch (step.kind) {
      case "write":
      case "zero": {
        const offsetBytes = step.sector * SECTOR_BYTES;
        const lengthBytes = Math.min(step.sectors, SECTORS - step.sector) * SECTOR_BYTES;
        if (step.kind === "zero") await volume.update({ kind: "zero", offsetBytes, lengthBytes });
        else {
          const data = new Uint8Array(lengthBytes).fill(step.value);
          await volume.update({ kind: "write", offsetBytes, data, fua: false });
        }
        return;
      }
      case "fix":
      case "revise": {
        const release = await volume.locks.drain();
        try {
          if (step.kind === "fix" && image.state === "fixed") return;
          this.contents.set(image.moment + 1, await this.disk.read(0, SIZE_BYTES));
          const fixed = await (step.kind === "fix" ? image.fix(this.voided) : image.revise());
          if (fixed) this.promised = image.moment;
        } finally {
          release();
        }
        return;
      }
      case "release":
        // The owner first: it is what counts after a crash.
        this.voided = image.moment;
        this.promised = 0;
        await image.release(this.voided);
        return;
      case "flush":
        await volume.flush();
        return;
      case "read":
        await this.check();
        return;
      case "pause":
        await this.#options.drained();
    }
  }

  /** The image is what the volume held, or says that it is not there; and it knows what changed. */
  async check(): Promise<void> {
    const { image, promised } = this;
    if (promised !== 0) {
      expectSame(image.state, "fixed", "state of an image that was fixed and not lost");
      // A crash may have come when the next moment was durable and nobody had been told.
      expectThat(image.moment >= promised, `moment: expected ${promised} or later, found ${image.moment}`);
    }
    if (image.state !== "fixed") return;
    const content = this.contents.get(image.moment);
    expectThat(content !== undefined, `an image of moment ${image.moment}, which there was not`);
    const found = await image.read(0, SIZE_BYTES).catch((error: unknown) => {
      // Its background copy may fail meanwhile.
      if (image.state !== "lost" || this.promised !== 0) throw error;
    });
    if (found === undefined) return;
    expectSame([...found], [...content], `image of moment ${image.moment}`);
    const now = await this.disk.read(0, SIZE_BYTES);
    const changed = new Set(image.changedTracks());
    for (let at = 0; at < SIZE_BYTES; at++) {
      const track = Math.floor(at / TRACK_BYTES);
      if (now[at] !== content[at]) expectThat(changed.has(track), `track ${track} changed and the image does not know`);
    }
  }
}

/** What every {@link Image} does, however it keeps the old content (LS-9). */
export function imageConformance(options: ImageConformanceOptions): void {
  const { test, method, lacks } = options;
  const law = (name: string, body: () => Promise<void>): void => test(`image ${method}: ${name}`, body);

  law("it is the volume as of its moment while hosts write, and knows what changed (LS-2, SR-2)", () =>
    checkAsyncLaw(
      fc.asyncProperty(steps, async (list) => {
        const stage = new Stage(options, TRACKS);
        await stage.start();
        for (const step of list) {
          await stage.take(step);
          await stage.check();
        }
      }),
      CASES,
    ),
  );

  law(
    "requests that run at the same time do not mix moments (bugs of that kind: a read that races with a change)",
    () =>
      checkAsyncLaw(
        fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (list) => {
          const stage = new Stage(options, TRACKS);
          await stage.start();
          await stage.take({ kind: "fix" });
          const content = stage.contents.get(stage.image.moment);
          stage.disk.beforeRead = options.drained;
          const found: Promise<Uint8Array>[] = [];
          const changes: Promise<void>[] = [];
          for (const step of list) {
            changes.push(stage.take(step));
            found.push(stage.image.read(0, SIZE_BYTES));
          }
          for (const read of found) expectSame([...(await read)], [...(content ?? [])], "image");
          await Promise.all(changes);
          await stage.check();
        }),
        CASES,
      ),
  );

  law("after a loss of power at any write, with any part of it kept, it is still of its moment", () =>
    checkAsyncLaw(
      fc.asyncProperty(
        steps,
        steps,
        fc.nat({ max: 45 }),
        fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
        async (before, after, index, keeps) => {
          const stage = new Stage(options, TRACKS);
          await stage.start();
          stage.strike(index, { crashes: (sector) => keeps[sector] === true });
          const work = async (): Promise<void> => {
            await stage.take({ kind: "fix" });
            for (const step of before) await stage.take(step);
          };
          let ended = false;
          let failure: unknown;
          void work()
            .catch((error: unknown) => {
              failure = error;
            })
            .finally(() => {
              ended = true;
            });
          for (let round = 0; round < 200 && !ended && !stage.crashed; round++) await options.drained();
          await options.drained();
          expectThat(failure === undefined, `a change failed: ${String(failure)}`);
          await stage.restart();
          await stage.check();
          for (const step of after) {
            await stage.take(step);
            await stage.check();
          }
        },
      ),
      CASES,
    ),
  );

  law("a device that fails at any write costs the image at most, never a change of the volume (SR-5)", () =>
    checkAsyncLaw(
      fc.asyncProperty(steps, fc.nat({ max: 45 }), fc.boolean(), async (list, index, landed) => {
        const stage = new Stage(options, TRACKS);
        stage.mayLose = true;
        await stage.start();
        let count = 0;
        for (const disk of stage.others) disk.decide = () => (count++ === index ? { fails: () => landed } : "done");
        await stage.take({ kind: "fix" });
        for (const step of list) {
          await stage.take(step);
          await stage.check();
        }
        await stage.restart();
        await stage.check();
      }),
      CASES,
    ),
  );

  if (lacks?.overflow !== undefined) return;
  law("when its space runs out it is lost, says so, and the hosts go on (SR-5)", () =>
    checkAsyncLaw(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: TRACKS - 1 }), async (list, room) => {
        const stage = new Stage(options, room);
        stage.mayLose = true;
        await stage.start();
        await stage.take({ kind: "fix" });
        for (const step of list) {
          await stage.take(step);
          await stage.check();
        }
        await stage.take({ kind: "revise" });
        expectSame(stage.image.state, "fixed", "state after it was fixed anew");
        for (let sector = 0; sector < SECTORS; sector += 4)
          await stage.take({ kind: "zero", sector, sectors: 1, value: 1 });
        expectSame(stage.image.state, "lost", "state when more changed than there is room for");
        await stage.restart();
        expectThat(stage.image.state !== "fixed", "a lost image does not come back");
      }),
      CASES,
    ),
  );
}
