import { expect, onTestFinished, test } from "vitest";
import { MemoryExport } from "../../../../engine/node/nbd/memory-export.ts";
import { NbdServer } from "../../../../engine/node/nbd/server.ts";
import type { StoredChange } from "../disk-store.ts";
import { NodeCopies } from "./node-copies.ts";

const SIZE = 16 * 1024;

/** A node that keeps `pvol`, and one that keeps `svol`. */
async function rig(sizeBytes = SIZE) {
  const volumes = ["pvol", "svol"].map((name) => new MemoryExport({ name, sizeBytes, readOnly: true }));
  const [pvol, svol] = volumes as [MemoryExport, MemoryExport];
  const places = new Map<string, { host: string; port: number }>();
  for (const [index, node] of ["a", "b"].entries()) {
    const volume = volumes[index] as MemoryExport;
    const exports = { exports: () => [volume], find: (name: string) => (name === volume.name ? volume : undefined) };
    const server = new NbdServer({ exports });
    onTestFinished(() => server.close({ drainMs: 0 }));
    places.set(node, await server.listen({ host: "127.0.0.1", port: 0 }));
  }
  const kept = [
    { name: "a/pvol", group: "a", sizeBytes },
    { name: "b/svol", group: "b", sizeBytes },
  ];
  const copies = new NodeCopies(kept, (node) => places.get(node) ?? { host: "127.0.0.1", port: 1 });
  onTestFinished(() => copies.close());
  const seen = async (isRunning: (node: string) => boolean = () => true) =>
    (await copies.look(isRunning))?.map(({ disk, offsetBytes, lengthBytes, data }: StoredChange) => [
      disk,
      offsetBytes,
      lengthBytes,
      data?.[0],
    ]);
  return { pvol, svol, places, seen };
}

test("a look tells what changed since the one before it, with the bytes of now", async () => {
  const { pvol, svol, seen } = await rig();
  expect(await seen()).toEqual([]);
  pvol.bytes.fill(1, 4096, 12_288);
  svol.bytes.fill(2, SIZE - 512);
  expect(await seen()).toEqual([
    ["a/pvol", 4096, 8192, 1],
    ["b/svol", SIZE - 512, 512, 2],
  ]);
  pvol.bytes.fill(0);
  expect(await seen()).toEqual([["a/pvol", 4096, 8192, undefined]]);
  expect(await seen()).toEqual([]);
});

test("a look tells all that changed, however scattered it is", async () => {
  const rowCount = 10_001;
  const { pvol, seen } = await rig(rowCount * 1024);
  for (let row = 0; row < rowCount; row++) pvol.bytes[row * 1024] = 1;
  expect(await seen()).toHaveLength(rowCount);
});

test("of a node that does not run nothing is told, and nothing of the others: it is told when all can be read", async () => {
  const { pvol, places, seen } = await rig();
  pvol.bytes.fill(3, 0, 4096);
  expect(await seen((node) => node === "a")).toBeUndefined();
  const place = places.get("b");
  places.delete("b");
  expect(await seen()).toBeUndefined();
  if (place !== undefined) places.set("b", place);
  expect(await seen()).toEqual([["a/pvol", 0, 4096, 3]]);
});

test("what changes from one reading to the next is not told until it rests", async () => {
  const { pvol, svol, seen } = await rig();
  let stamp = 0;
  pvol.before = () => void svol.bytes.fill(++stamp % 251, 0, 512);
  expect(await seen()).toBeUndefined();
  pvol.before = () => {};
  const last = stamp % 251;
  expect(await seen()).toEqual([["b/svol", 0, 512, last]]);
});

test("a node that answers nothing is given up", async () => {
  const { svol, seen } = await rig();
  svol.gate = new Promise(() => {});
  expect(await seen()).toBeUndefined();
  svol.gate = undefined;
  expect(await seen()).toEqual([]);
});
