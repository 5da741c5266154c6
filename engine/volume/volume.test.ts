import fc from "fast-check";
import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { checkAsyncLaw, checkLaw } from "../testing/check-law.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { applyRow } from "./apply-row.ts";
import { Tap } from "./tap.ts";
import { type Access, Volume } from "./volume.ts";

const SECTORS = 2048;

/** Holds tracks until both disks have them. */
class Holder extends Tap {
  held = 0;

  override begin(): void {
    this.held++;
  }

  override retire(): void {
    this.held = 0;
  }

  override get activeCount(): number {
    return this.held;
  }
}

function open(): {
  readonly volume: Volume;
  readonly disk: FakeDisk;
  readonly runtime: ReturnType<typeof testRuntime>;
} {
  const runtime = testRuntime();
  const disk = new FakeDisk(SECTORS * 512);
  return { volume: new Volume("pvol", disk, 512, runtime), disk, runtime };
}

/** Grants hosts so much. */
class Granter extends Tap {
  readonly #access: Access;

  constructor(access: Access) {
    super();
    this.#access = access;
  }

  override access(): Access {
    return this.#access;
  }
}

const STRICTNESS: readonly Access[] = ["read-write", "read-only", "none"];

test("hosts may do what the strictest of all taps says, in whatever order they came", () => {
  checkLaw(
    fc.property(fc.array(fc.constantFrom(...STRICTNESS), { maxLength: 4 }), (granted) => {
      const { volume } = open();
      for (const access of granted) volume.addTap(new Granter(access));
      expect(STRICTNESS.indexOf(volume.access())).toBe(
        Math.max(0, ...granted.map((access) => STRICTNESS.indexOf(access))),
      );
    }),
  );
});

test("writes in a row are as many local writes, and leave the same, as one by one", async () => {
  const row = fc.array(fc.tuple(fc.nat({ max: 20 }), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 12 });
  await checkAsyncLaw(
    fc.asyncProperty(row, async (places) => {
      const updates = places.map(([sector, sectors], index) => ({
        kind: "write" as const,
        offsetBytes: sector * 512,
        data: new Uint8Array(sectors * 512).fill(1 + index),
        fua: false,
      }));
      const [inRow, oneByOne] = [open(), open()];
      const origin = new Granter("read-write");
      inRow.volume.addTap(origin);
      for (let done = 0; done < updates.length; ) {
        const count = await applyRow(inRow.volume, updates.slice(done), origin);
        expect(count).toBeGreaterThan(0);
        done += count;
        expect(inRow.volume.tick).toBe(done);
      }
      for (const update of updates) await oneByOne.volume.apply(update);
      expect(inRow.volume.tick).toBe(oneByOne.volume.tick);
      expect(inRow.disk.visible).toEqual(oneByOne.disk.visible);
    }),
    50,
  );
});

test("while the disk cannot be flushed tracks stay pending; the next checkpoint after that forgets them", async () => {
  const { volume, disk, runtime } = open();
  const tap = new Holder();
  volume.addTap(tap);
  disk.decideFlush = () => "fails";
  await volume.update({ kind: "zero", offsetBytes: 0, lengthBytes: 512 });
  await runtime.clock.pass(1_000 * NS_PER_MS);
  expect([tap.held, runtime.escaped]).toEqual([1, []]);
  disk.decideFlush = () => "done";
  await runtime.clock.pass(100 * NS_PER_MS);
  expect(tap.held).toBe(0);
});

test("of more requests than a volume takes the last is refused, and the others are carried out", async () => {
  const { volume, disk, runtime } = open();
  let finish = (): void => {};
  const gate = new Promise<"done">((resolve) => {
    finish = () => resolve("done");
  });
  disk.decide = () => gate;
  const data = new Uint8Array(512).fill(7);
  const write = (sector: number): Promise<void> =>
    volume.update({ kind: "write", offsetBytes: sector * 512, data, fua: false });
  const taken = Array.from({ length: 1024 }, (_, sector) => write(sector));
  await runtime.clock.pass(0);
  await expect(write(1024)).rejects.toMatchObject({ code: "BUSY", context: { volume: "pvol", waiting: 1024 } });
  finish();
  await Promise.all(taken);
  expect([disk.visible[1023 * 512], disk.visible[1024 * 512]]).toEqual([7, 0]);
});

/** Makes hosts wait; and locks whole tracks, in which it must not meet two changes at once. */
class Gate extends Tap {
  #open: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  readonly #changing = new Set<number>();
  changes = 0;
  meetings = 0;

  close(): void {
    this.#closed = new Promise((resolve) => {
      this.#open = () => {
        this.#closed = undefined;
        resolve();
      };
    });
  }

  open(): void {
    this.#open?.();
  }

  override get locksTracks(): boolean {
    return true;
  }

  override holding(): Promise<void> | undefined {
    return this.#closed;
  }

  override begin(first: number): void {
    this.changes++;
    if (this.#changing.has(first)) this.meetings++;
    this.#changing.add(first);
  }

  override end(first: number): void {
    this.#changing.delete(first);
  }
}

test("requests that wait while hosts are held count, and do no more when they have gone on", async () => {
  const { volume, runtime } = open();
  const gate = new Gate();
  volume.addTap(gate);
  const write = (sector: number): Promise<void> =>
    volume.update({ kind: "zero", offsetBytes: sector * 512, lengthBytes: 512 });
  for (let round = 0; round < 3; round++) {
    gate.close();
    const waiting = Array.from({ length: 1024 }, (_, sector) => write(sector));
    await runtime.clock.pass(0);
    await expect(write(1024)).rejects.toMatchObject({ code: "BUSY", context: { waiting: 1024 } });
    gate.open();
    await Promise.all(waiting);
  }
});

test("requests that waited for parts of a track take it whole if whoever locks whole tracks has come meanwhile", async () => {
  const runtime = testRuntime();
  const volume = new Volume("pvol", new FakeDisk(SECTORS * 512), 4 * 512, runtime);
  const gate = new Gate();
  const release = await volume.locks.acquire(0, 4 * 512);
  const data = new Uint8Array(512).fill(1);
  const writes = [0, 1, 2, 3].map((sector) =>
    volume.update({ kind: "write", offsetBytes: sector * 512, data, fua: false }),
  );
  await runtime.clock.pass(0);
  volume.addTap(gate);
  release();
  await Promise.all(writes);
  expect([gate.changes, gate.meetings]).toEqual([4, 0]);
});
