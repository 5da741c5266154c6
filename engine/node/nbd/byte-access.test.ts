import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAsyncLaw } from "../../testing/check-law.ts";
import { ByteAccess } from "./byte-access.ts";
import { MemoryExport } from "./memory-export.ts";

const SIZE_BYTES = 8 * 512;

/** An export whose requests take turns that a seed decides, in any order. */
function slow(waits: () => number): MemoryExport {
  const target = new MemoryExport({ sizeBytes: SIZE_BYTES });
  const later = async (): Promise<void> => {
    for (let turn = waits(); turn > 0; turn--) await Promise.resolve();
  };
  const read = target.read.bind(target);
  const write = target.write.bind(target);
  target.read = async (...request) => {
    await later();
    const found = await read(...request);
    await later();
    return found;
  };
  target.write = async (...request) => {
    await later();
    await write(...request);
    await later();
  };
  return target;
}

test("changes of ranges apart, at once, do not disturb each other, though they share sectors", async () => {
  const law = fc.asyncProperty(
    fc.uniqueArray(fc.nat(SIZE_BYTES - 1), { minLength: 2, maxLength: 12 }),
    fc.infiniteStream(fc.nat(6)),
    fc.infiniteStream(fc.constantFrom("write", "zero", "sectors")),
    async (cuts, waits, kinds) => {
      const target = slow(() => waits.next().value as number);
      target.bytes.fill(0xee);
      const access = new ByteAccess(target);
      const expected = Buffer.from(target.bytes);
      const edges = [0, ...cuts.toSorted((left, right) => left - right), SIZE_BYTES];
      const changes: Promise<void>[] = [];
      for (const [index, start] of edges.slice(0, -1).entries()) {
        const kind = kinds.next().value;
        // Aligned changes, which take another way, must wait for the others too.
        const [from, to] = [start, edges[index + 1] as number].map((edge) =>
          kind === "sectors" ? Math.ceil(edge / 512) * 512 : edge,
        ) as [number, number];
        if (kind === "sectors" && to > (edges[index + 1] as number)) continue;
        const lengthBytes = to - from;
        if (lengthBytes <= 0) continue;
        expected.fill(kind === "zero" ? 0 : index + 1, from, to);
        changes.push(
          kind === "zero"
            ? access.writeZeroes(from, lengthBytes, { fua: false, noHole: false })
            : access.write(from, Buffer.alloc(lengthBytes, index + 1), { fua: false }),
        );
      }
      await Promise.all(changes);
      expect(target.bytes.equals(expected)).toBe(true);
      const [first = 0, second = SIZE_BYTES] = cuts.toSorted((left, right) => left - right);
      expect(Buffer.from(await access.read(first, second - first))).toEqual(expected.subarray(first, second));
    },
  );
  await checkAsyncLaw(law, 400);
});

test("a change of a part of a sector that fails lets later ones go on", async () => {
  const target = new MemoryExport({ sizeBytes: SIZE_BYTES });
  const access = new ByteAccess(target);
  target.before = (command) => {
    if (command === "write") throw new Error("broken");
  };
  await expect(access.write(3, Buffer.alloc(5, 1), { fua: false })).rejects.toThrow("broken");
  await expect(access.write(0, Buffer.alloc(512, 1), { fua: false })).rejects.toThrow("broken");
  target.before = () => {};
  await access.write(3, Buffer.alloc(5, 1), { fua: true });
  await access.write(0, Buffer.alloc(512, 2), { fua: false });
  expect(target.bytes[4]).toBe(2);
});

test("a trim leaves what it covers only in part", async () => {
  const target = new MemoryExport({ sizeBytes: SIZE_BYTES });
  target.bytes.fill(7);
  target.keepsRequests = true;
  const access = new ByteAccess(target);
  await access.trim(100, 1000, { fua: false });
  await access.trim(100, 300, { fua: false });
  expect(target.requests).toEqual(["trim 512 512"]);
});
