import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NbdClient } from "../../../../engine/node/nbd/client.ts";
import { NbdDisk } from "../../../../engine/node/nbd/nbd-disk.ts";
import { diskConformance } from "../../../../engine/ports/disk.conformance.ts";
import { checkAsyncLaw } from "../../../../engine/testing/check-law.ts";
import { contentDigest } from "../../sim/disk/compare.ts";
import { diskBench, filled } from "../../sim/disk/sim-disk.fixture.ts";
import type { DiskFault } from "../../world.ts";
import { faultDiskApi } from "./control-api.ts";
import { FaultDisk } from "./fault-disk.ts";
import { FaultDiskClient } from "./fault-disk-client.ts";

const HOST = "127.0.0.1";
const MIB = 1024 * 1024;

diskConformance({
  test,
  open: async (sizeBytes) => {
    const faultDisk = new FaultDisk(HOST);
    const port = await faultDisk.create({ name: "a/pvol", group: "a", sizeBytes, seed: 1 });
    const open = (): Promise<NbdDisk> => NbdDisk.open({ host: HOST, port, exportName: "a/pvol" });
    return {
      disk: await open(),
      run: (story) => story(),
      crash: async () => {
        await faultDisk.group("a").powerOff();
        await faultDisk.group("a").powerOn();
        return open();
      },
      close: () => faultDisk.reset(),
    };
  },
});

let faultDisk: FaultDisk;
let server: ReturnType<typeof serve>;
let client: FaultDiskClient;

beforeEach(async () => {
  faultDisk = new FaultDisk(HOST);
  server = serve({ fetch: faultDiskApi(faultDisk).fetch, port: 0, hostname: HOST });
  await once(server, "listening");
  client = new FaultDiskClient(`http://${HOST}:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  await faultDisk.reset();
  server.close();
});

const make = async (name: string, group = "a", sizeBytes = MIB): Promise<number> =>
  client.create({ name, group, sizeBytes, seed: 7 });

const open = (name: string, port: number): Promise<NbdDisk> => NbdDisk.open({ host: HOST, port, exportName: name });

/** Not as a Buffer, which equals no array of the same bytes. */
const bytesOf = async (disk: NbdDisk, offsetBytes: number, lengthBytes: number): Promise<Uint8Array> =>
  new Uint8Array(await disk.read(offsetBytes, lengthBytes));

test("what a client wrote stays when it dies; what it saw, others see", async () => {
  const port = await make("a/pvol");
  const writer = await NbdClient.connect({ host: HOST, port, exportName: "a/pvol" });
  await writer.write(4096, filled(7, 8192));
  writer.destroy();
  const reader = await open("a/pvol", port);
  expect(await bytesOf(reader, 4096, 8192)).toEqual(filled(7, 8192));
  const { bytes } = await client.content("a/pvol", 4096, 8192);
  expect(bytes).toEqual(filled(7, 8192));
  expect((await client.content("a/pvol", 4096, 8192, "durable")).bytes).toEqual(new Uint8Array(8192));
  await reader.flush();
  expect((await client.content("a/pvol", 4096, 8192, "durable")).bytes).toEqual(filled(7, 8192));
});

test("every change and flush is an event, in order, and a reader that waits is told at once", async () => {
  const port = await make("a/pvol");
  const disk = await open("a/pvol", port);
  const waiting = client.events(0, 20_000);
  await disk.write(512, filled(1, 1024));
  expect((await waiting).events).toMatchObject([{ n: 1, disk: "a/pvol", event: "write", offsetBytes: 512 }]);
  await disk.flush();
  await disk.trim(512, 512);
  const { events, last, missed } = await client.events(0, 0);
  expect(events.map(({ n, event, lengthBytes }) => [n, event, lengthBytes])).toEqual([
    [1, "write", 1024],
    [2, "flush", 0],
    [3, "trim", 512],
  ]);
  expect([last, missed]).toEqual([3, 0]);
  expect((await client.content("a/pvol", 0, 512)).event).toBe(3);
});

test("a power loss takes all disks of its group and no other, in one moment, and drops connections", async () => {
  const portA = await make("a/pvol");
  expect(await make("a/meta")).toBe(portA);
  const portB = await make("b/svol", "b");
  const [data, meta, other] = await Promise.all([open("a/pvol", portA), open("a/meta", portA), open("b/svol", portB)]);
  await Promise.all([data, meta, other].map((disk) => disk.write(0, filled(1, 4096))));
  await meta.flush();
  await Promise.all([data, meta, other].map((disk) => disk.write(0, filled(2, 512), { fua: true })));
  await client.powerOff("a");
  await Promise.all([data.closed, meta.closed]);
  await expect(open("a/pvol", portA)).rejects.toThrow("ECONNREFUSED");
  expect(await bytesOf(other, 0, 512)).toEqual(filled(2, 512));

  await client.powerOn("a");
  const again = await open("a/meta", portA);
  expect(await bytesOf(again, 0, 512)).toEqual(filled(2, 512));
  expect(await bytesOf(again, 512, 3584)).toEqual(filled(1, 3584));
  const kept = await bytesOf(await open("a/pvol", portA), 0, 4096);
  // Each sector that was not flushed is wholly there or not at all.
  for (let at = 512; at < 4096; at += 512)
    expect([filled(0, 512), filled(1, 512)]).toContainEqual(kept.subarray(at, at + 512));
});

test("a torn write takes the power of its whole system at that moment, and nothing is answered", async () => {
  const port = await make("a/pvol");
  await make("a/meta");
  const [data, meta] = await Promise.all([open("a/pvol", port), open("a/meta", port)]);
  const { faultId } = await client.inject("a/pvol", { kind: "torn-write", sectors: 3, nth: 2 });
  await data.write(0, filled(1, 8192));
  await data.flush();
  const torn = data.write(0, filled(2, 8192), { fua: true });
  torn.catch(() => {});
  for (let after = 0; ; ) {
    const { events, last } = await client.events(after, 5000);
    after = last;
    if (events.some(({ event }) => event === "acted")) break;
  }
  const late = meta.write(0, filled(9, 512));
  late.catch(() => {});
  // Both are silent until the group is served again; then their connections are gone.
  await client.powerOn("a");
  await expect(torn).rejects.toThrow("EIO");
  await expect(late).rejects.toThrow("EIO");
  const { bytes } = await client.content("a/pvol", 0, 8192);
  expect(bytes.subarray(0, 3 * 512)).toEqual(filled(2, 3 * 512));
  expect(bytes.subarray(3 * 512)).toEqual(filled(1, 8192 - 3 * 512));
  expect((await client.content("a/meta", 0, 512)).bytes).toEqual(filled(0, 512));
  expect(await client.effects("a/pvol", faultId)).toEqual({ requests: 1, sectors: 13 });
});

test("a stalled request goes on when it is healed, others are not held up", async () => {
  const port = await make("a/pvol");
  const disk = await open("a/pvol", port);
  const { faultId } = await client.inject("a/pvol", { kind: "stall", on: ["write"], count: 1 });
  let done = false;
  const stalled = disk.write(0, filled(1, 512)).then(() => {
    done = true;
  });
  await client.events(0, 5000);
  await disk.write(512, filled(2, 512));
  expect(await bytesOf(disk, 0, 1024)).toEqual(new Uint8Array([...filled(0, 512), ...filled(2, 512)]));
  expect(done).toBe(false);
  expect(await client.heal("a/pvol", faultId)).toEqual({ requests: 1, sectors: 0 });
  await stalled;
  expect(await bytesOf(disk, 0, 512)).toEqual(filled(1, 512));
});

test("what a disk did wrong is told: sector, fault, and what there should be", async () => {
  const port = await make("a/pvol");
  const disk = await open("a/pvol", port);
  await client.inject("a/pvol", { kind: "lost-write", range: { offsetBytes: 512, lengthBytes: 512 } });
  await disk.write(0, filled(5, 2048));
  expect(await bytesOf(disk, 0, 2048)).toEqual(
    new Uint8Array([...filled(5, 512), ...filled(0, 512), ...filled(5, 1024)]),
  );
  expect((await client.content("a/pvol", 0, 2048, "pristine")).bytes).toEqual(filled(5, 2048));
  expect((await client.state("a/pvol")).damage).toEqual([{ sectorIndex: 1, faultId: 1, kind: "lost-write" }]);
  const { effects } = await client.inject("a/pvol", { kind: "bit-rot", bits: 1 });
  expect(effects).toEqual({ requests: 1, sectors: 1 });
});

test("a failing disk fails the engine's requests", async () => {
  const disk = await open("a/pvol", await make("a/pvol"));
  await client.inject("a/pvol", { kind: "eio", on: ["read"], count: 1 });
  await client.inject("a/pvol", { kind: "enospc", count: 1 });
  await expect(disk.read(0, 512)).rejects.toThrow("EIO");
  await expect(disk.write(0, filled(1, 512))).rejects.toThrow("ENOSPC");
  await disk.write(0, filled(1, 512));
});

test("a wrong call is refused with the reason", async () => {
  await make("a/pvol");
  await expect(make("a/pvol")).rejects.toThrow("status 409: disk a/pvol is there already");
  await expect(client.state("a/other")).rejects.toThrow("status 404: no disk a/other");
  await expect(client.content("a/pvol", 0, 700)).rejects.toThrow("status 400");
  await expect(client.content("a/pvol", MIB, 512)).rejects.toThrow("status 404: outside the disk");
  const fault: DiskFault = { kind: "enospc", range: { offsetBytes: MIB, lengthBytes: 512 } };
  await expect(client.inject("a/pvol", fault)).rejects.toThrow("status 400: disk a/pvol, fault enospc, range");
  await expect(client.losePower("c")).rejects.toThrow("status 404: no group c");
});

test("whoever reads too late is told how much it missed", async () => {
  for (let count = 0; count < 70_000; count++)
    faultDisk.events.add({ disk: "d", event: "flush", offsetBytes: 0, lengthBytes: 0 });
  const { events, last, missed } = await client.events(10, 0);
  expect([events.length, events[0]?.n, last, missed]).toEqual([4096, 70_000 - 65_536 + 1, 70_000, 4454]);
});

/** What both kinds of disk can be asked. */
interface SteppedDisk {
  write(offsetBytes: number, data: Uint8Array, options: { readonly fua: boolean }): Promise<void>;
  trim(offsetBytes: number, lengthBytes: number, options: { readonly fua: boolean }): Promise<void>;
  flush(): Promise<void>;
}

const SECTORS = 64;
const place = fc.record({ sector: fc.nat({ max: SECTORS - 16 }), sectors: fc.integer({ min: 1, max: 16 }) });
const step = fc.oneof(
  fc.record({ do: fc.constant("write" as const), place, byte: fc.nat({ max: 255 }), fua: fc.boolean() }),
  fc.record({ do: fc.constant("trim" as const), place }),
  fc.record({ do: fc.constant("flush" as const) }),
  fc.record({
    do: fc.constant("inject" as const),
    fault: fc.oneof(
      fc.constant<DiskFault>({ kind: "lost-write", nth: 2, count: 1 }),
      fc.constant<DiskFault>({ kind: "eio", on: ["write"], probability: 0.5 }),
      fc.nat({ max: 9999 }).map((bitIndex): DiskFault => ({ kind: "bit-flip", bitIndex, count: 2 })),
      fc.constant<DiskFault>({ kind: "bit-rot", bits: 3 }),
    ),
  }),
  fc.record({ do: fc.constant("power-loss" as const) }),
);

test("it does with a sequence of requests, faults and power losses what the simulated disk does", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const sizeBytes = SECTORS * 512;
      const simulated = diskBench({ name: "d", sizeBytes }, "11");
      const real = new FaultDisk(HOST);
      await real.create({ name: "d", group: "g", sizeBytes, seed: 11 });
      const served = real.disk("d");
      for (const each of steps) {
        if (each.do === "inject") {
          simulated.disk.inject(each.fault);
          served.inject(each.fault);
        } else if (each.do === "power-loss") {
          simulated.disk.powerLoss();
          served.losePower();
          served.restorePower();
        } else {
          const [offsetBytes, lengthBytes] =
            each.do === "flush" ? [0, 0] : [each.place.sector * 512, each.place.sectors * 512];
          const perform = async (disk: SteppedDisk): Promise<void> => {
            if (each.do === "write") await disk.write(offsetBytes, filled(each.byte, lengthBytes), { fua: each.fua });
            else if (each.do === "trim") await disk.trim(offsetBytes, lengthBytes, { fua: false });
            else await disk.flush();
          };
          const outcomes = await Promise.all(
            [simulated.run(() => perform(simulated.port)), perform(served)].map((outcome) =>
              outcome.then(() => "done", String),
            ),
          );
          expect(outcomes[1]).toBe(outcomes[0]);
        }
        expect(contentDigest(served.medium.content)).toBe(simulated.disk.digest());
      }
      expect(served.medium.damage()).toEqual(simulated.disk.damage());
      await real.reset();
    }),
    60,
  );
});
