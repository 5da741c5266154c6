import { expect, test } from "vitest";
import { EventLog } from "../../../history/event-log.ts";
import { Process } from "../process.ts";
import { macrotaskPump } from "../pump.ts";
import { Scheduler } from "../scheduler.ts";
import { SimRandom } from "../sim-random.ts";
import { SimDisk, type SimDiskOptions } from "./sim-disk.ts";

const pump = macrotaskPump(setImmediate);
const MiB = 1024 * 1024;

function world(options: Partial<SimDiskOptions> = {}) {
  const scheduler = new Scheduler(new EventLog(), { eventsMax: 1_000_000, timeNsMax: 1e15 });
  const random = new SimRandom("7");
  const disk = new SimDisk({ scheduler, random, name: "d", sizeBytes: MiB, ...options });
  const process = new Process(scheduler, "host");
  return { scheduler, disk, process, log: scheduler.log };
}

async function settle<T>(scheduler: Scheduler, story: () => Promise<T>): Promise<T> {
  const told = story();
  told.catch(() => {});
  await scheduler.run(pump);
  return told;
}

const filled = (byte: number, lengthBytes: number): Uint8Array => new Uint8Array(lengthBytes).fill(byte);

test("a completed write is read, and lost by a power loss unless flushed", async () => {
  const { scheduler, disk, process } = world();
  const port = disk.open(process);
  await settle(scheduler, async () => {
    await port.write(0, filled(1, 4096));
    await port.flush();
    await port.write(0, filled(2, 512));
    await port.write(4096, filled(3, 512), { fua: true });
    expect(await port.read(0, 1024)).toEqual(Uint8Array.from([...filled(2, 512), ...filled(1, 512)]));
    expect(disk.powerLoss("lose-all")).toBe(1);
    expect(disk.peek(0, 4096)).toEqual(filled(1, 4096));
    expect(disk.peek(4096, 512)).toEqual(filled(3, 512));
  });
});

test("requests of a killed process complete when the disk is opened again", async () => {
  const { scheduler, disk, process } = world();
  const first = disk.open(process);
  let settled = false;
  void first.write(512, filled(9, 512)).then(() => {
    settled = true;
  });
  process.kill();
  expect(disk.peek(512, 512)).toEqual(filled(0, 512));
  disk.open(new Process(scheduler, "host again"));
  expect(disk.peek(512, 512)).toEqual(filled(9, 512));
  await scheduler.run(pump);
  expect(settled).toBe(false);
});
