import fc from "fast-check";
import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { ExceptionStore } from "./exception-store.ts";
import { decodeTableSector, encodeTableSector, type Exception, EXCEPTIONS_PER_SECTOR } from "./exception-table.ts";

const TRACK_BYTES = SECTOR_BYTES;
const SLOTS = 3 * EXCEPTIONS_PER_SECTOR;
const PLACE = { offsetBytes: 2 * SECTOR_BYTES, endBytes: (2 + 5 + SLOTS) * SECTOR_BYTES, trackBytes: TRACK_BYTES };

function exception(track: number, slot: number): Exception {
  return { track, slot, checksum: track * 7 };
}

/** Commits groups of these sizes, each without waiting for the one before it. */
async function commit(store: ExceptionStore, sizes: readonly number[], durable: (tracks: number[]) => void) {
  let track = store.known.size;
  await Promise.all(
    sizes.map(async (wanted) => {
      const size = Math.min(wanted, store.freeSlots);
      const slot = store.take(size);
      const group = Array.from({ length: size }, (_, index) => exception(track + index, slot + index));
      track += size;
      await store.commit(group);
      durable(group.map((one) => one.track));
    }),
  );
}

const sizes = fc.array(fc.integer({ min: 1, max: EXCEPTIONS_PER_SECTOR + 9 }), { minLength: 1, maxLength: 8 });

test("after a loss of power at any write the chain holds what was durable, and goes on from there", async () => {
  let chains = 0;
  await checkAsyncLaw(
    fc.asyncProperty(
      fc.array(sizes, { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 14 }),
      fc.boolean(),
      async (rounds, crashAt, kept) => {
        const disk = new FakeDisk(PLACE.endBytes);
        const store = new ExceptionStore(disk, PLACE);
        expect(store.slotCount).toBe(SLOTS);
        await store.prepare(5);
        store.open(5);
        const first = disk.writes;
        let crashed = false;
        disk.decide = async ({ index }) => {
          if (index !== first + crashAt) return "done";
          // Whatever else is on its way arrives before.
          await drained();
          crashed = true;
          return { crashes: () => kept };
        };
        const durable = new Set<number>();
        const remember = (tracks: number[]): void => {
          for (const track of tracks) durable.add(track);
        };
        const work = async (): Promise<void> => {
          for (const round of rounds) await commit(store, round, remember);
        };
        let ended = false;
        void work().finally(() => {
          ended = true;
        });
        while (!ended && !crashed) await drained();
        await drained();
        const again = new ExceptionStore(disk.afterCrash(), PLACE);
        expect(await again.load(5)).toBe(true);
        for (const track of durable) expect(again.known.get(track)?.checksum).toBe(track * 7);
        const slots = [...again.known.values()].map(({ slot }) => slot);
        expect(new Set(slots).size).toBe(slots.length);
        if (again.known.size > EXCEPTIONS_PER_SECTOR) chains++;
        const before = again.known.size;
        await commit(again, [EXCEPTIONS_PER_SECTOR], () => {});
        expect(again.known.size).toBe(Math.min(SLOTS, before + EXCEPTIONS_PER_SECTOR));
      },
    ),
    150,
  );
  expect(chains).toBeGreaterThan(10);
});

test("a sector of the chain that cannot be read is a loss, not the end of the chain", async () => {
  const disk = new FakeDisk(PLACE.endBytes);
  const store = new ExceptionStore(disk, PLACE);
  await store.prepare(1);
  store.open(1);
  await commit(store, [EXCEPTIONS_PER_SECTOR + 3], () => {});
  for (const sector of [1, 2]) {
    const broken = disk.afterCrash();
    await broken.write(PLACE.offsetBytes + sector * SECTOR_BYTES, new Uint8Array(SECTOR_BYTES).fill(9));
    expect(await new ExceptionStore(broken, PLACE).load(1)).toBe(false);
  }
});

test("the chain of the next moment is begun while the present one stays", async () => {
  const disk = new FakeDisk(PLACE.endBytes);
  const store = new ExceptionStore(disk, PLACE);
  await store.prepare(1);
  store.open(1);
  await commit(store, [5], () => {});
  await store.prepare(2);
  const present = new ExceptionStore(disk.afterCrash(), PLACE);
  expect(await present.load(1)).toBe(true);
  expect(present.known.size).toBe(5);
  const next = new ExceptionStore(disk.afterCrash(), PLACE);
  expect(await next.load(2)).toBe(true);
  expect(next.known.size).toBe(0);
});

test("a table sector of another moment or place, or with a bit flipped, is none", () => {
  const bytes = encodeTableSector(3, 1, [exception(4, 0)]);
  expect(decodeTableSector(bytes, 3, 1)).toEqual([exception(4, 0)]);
  expect(decodeTableSector(bytes, 4, 1)).toBeUndefined();
  expect(decodeTableSector(bytes, 3, 0)).toBeUndefined();
  const flipped = bytes.slice();
  flipped[17] = (flipped[17] as number) ^ 4;
  expect(decodeTableSector(flipped, 3, 1)).toBeUndefined();
});
