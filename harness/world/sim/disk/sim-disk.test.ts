import { expect, test } from "vitest";
import { diskConformance } from "../../../../engine/ports/disk.conformance.ts";
import { type Disk, DiskError } from "../../../../engine/ports/index.ts";
import { Process } from "../process.ts";
import type { PowerLossMode } from "./power-loss.ts";
import type { RequestNotice } from "./request.ts";
import { diskBench, filled } from "./sim-disk.fixture.ts";

const modes: PowerLossMode[] = ["random", "sectors", "lose-all", "keep-all"];

for (const mode of modes)
  diskConformance({
    test: (name, expectIt) => test(`${name}; power loss ${mode}`, () => expectIt()),
    open: (sizeBytes) => {
      const { disk, port, process, reopen, run } = diskBench({ sizeBytes });
      let current = process;
      return {
        disk: port,
        run,
        crash: async () => {
          disk.powerLoss(mode);
          current.kill();
          const again = reopen();
          current = again.process;
          return again.port;
        },
      };
    },
  });

test("the latency of a request is drawn around its mean, and the same for the same seed", async () => {
  const took = async (seed: string): Promise<number[]> => {
    const { simulation, port, run } = diskBench({}, seed);
    const times: number[] = [];
    await run(async () => {
      for (let count = 0; count < 50; count++) {
        const startNs = simulation.scheduler.nowNs;
        await port.write(0, filled(count, 512), { fua: count % 2 === 0 });
        times.push(simulation.scheduler.nowNs - startNs);
      }
    });
    return times;
  };
  const times = await took("1");
  for (const [index, timeNs] of times.entries()) {
    const meanNs = index % 2 === 0 ? 200_000 : 30_000;
    expect(timeNs).toBeGreaterThanOrEqual(meanNs * 0.75 - 1);
    expect(timeNs).toBeLessThanOrEqual(meanNs * 1.25);
  }
  expect(new Set(times).size).toBeGreaterThan(40);
  expect(await took("1")).toEqual(times);
  expect(await took("2")).not.toEqual(times);
});

test("a paused process sees a completion when it resumes; the disk does not wait for it", async () => {
  const { simulation, disk, port, process, run } = diskBench();
  const other = new Process(simulation.scheduler, "other");
  let seenNs = 0;
  await run(async () => {
    const written = port.write(0, filled(1, 512)).then(() => {
      seenNs = simulation.scheduler.nowNs;
    });
    process.pause();
    simulation.at(5_000_000, 1, () => expect(disk.peek(0, 512)).toEqual(filled(1, 512)), other);
    simulation.at(9_000_000, 2, () => process.resume(), other);
    await written;
  });
  expect(seenNs).toBe(9_000_000);
});

test("requests of a killed process are over, unseen, at the latest when the disk is opened again", async () => {
  const { simulation, disk, port, process, reopen } = diskBench();
  let settled = false;
  for (let sector = 0; sector < 32; sector++)
    void port.write(sector * 512, filled(9, 512)).finally(() => {
      settled = true;
    });
  process.kill();
  expect(disk.peek(0, 16 * 1024)).toEqual(filled(0, 16 * 1024));
  reopen();
  const left = disk.peek(0, 16 * 1024).slice();
  expect(left).toContain(9);
  expect(left).toContain(0);
  expect(disk.inFlightCount).toBe(0);
  await simulation.run();
  expect(settled).toBe(false);
  expect(disk.peek(0, 16 * 1024)).toEqual(left);
});

test("what a killed process was writing is there whole, or its first sectors, or none; durable only if whole, and not always then", () => {
  const SECTORS = 4;
  const { disk, port, process, reopen } = diskBench();
  const count = 200;
  const lengthBytes = SECTORS * 512;
  const told = new Map<number, RequestNotice["phase"]>();
  disk.onRequest(({ requestIndex, phase }) => told.set(requestIndex, phase));
  for (let index = 0; index < count; index++)
    void port.write(index * lengthBytes, filled(9, lengthBytes), { fua: true });
  process.kill();
  reopen();
  const sectorsDone = (): number[] =>
    Array.from({ length: count }, (_, index) => {
      const found = disk.peek(index * lengthBytes, lengthBytes);
      const doneBytes = found.filter((byte) => byte === 9).length;
      expect(found, "the first sectors").toEqual(Uint8Array.from(found, (_byte, at) => (at < doneBytes ? 9 : 0)));
      return doneBytes / 512;
    });
  const seen = sectorsDone();
  expect(new Set(seen)).toEqual(new Set([0, 1, 2, 3, SECTORS]));
  disk.powerLoss("lose-all");
  const durable = sectorsDone();
  const isWhole = (index: number): boolean => seen[index] === SECTORS;
  for (const [index, sectors] of durable.entries())
    expect(sectors === 0 || (sectors === SECTORS && isWhole(index))).toBe(true);
  // Listeners hear of each what it came to.
  expect([...told.values()]).toEqual(durable.map((sectors) => (sectors === SECTORS ? "completed" : "failed")));
  const [wholeCount, durableCount] = [seen.filter((_, index) => isWhole(index)).length, durable.filter(Boolean).length];
  expect(durableCount).toBeGreaterThan(count / 4);
  expect(durableCount).toBeLessThan(wholeCount);
});

test("of a killed process a flush may never have been, and a trim may have come to its first sectors", async () => {
  /** How many sectors are left of four, with each of 60 seeds. */
  const leftAfter = async (request: (port: Disk) => Promise<void>, powerIsLost: boolean): Promise<Set<number>> => {
    const left = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const { disk, port, process, reopen, run } = diskBench({}, `${seed}`);
      await run(() => port.write(0, filled(5, 2048)));
      void request(port);
      process.kill();
      reopen();
      if (powerIsLost) disk.powerLoss("lose-all");
      left.add(disk.peek(0, 2048).filter((byte) => byte === 5).length / 512);
    }
    return left;
  };
  expect(await leftAfter((port) => port.flush(), true)).toEqual(new Set([0, 4]));
  expect(await leftAfter((port) => port.trim(0, 2048), false)).toEqual(new Set([0, 1, 2, 3, 4]));
});

test("a read puts nothing into the memory of a program that was killed meanwhile", () => {
  const { disk, port, process, reopen } = diskBench();
  const into = filled(9, 512);
  void port.read(0, 512, into);
  process.kill();
  reopen();
  expect(disk.inFlightCount).toBe(0);
  expect(into).toEqual(filled(9, 512));
});

test("killing first or cutting the power first makes no difference", async () => {
  const contents = [true, false].map((killFirst) => {
    const { disk, port, process } = diskBench();
    for (let sector = 0; sector < 64; sector++) void port.write(sector * 512, filled(7, 512), { fua: true });
    if (killFirst) process.kill();
    disk.powerLoss();
    if (!killFirst) process.kill();
    return disk.peek(0, 32 * 1024).slice();
  });
  expect(contents[0]).toEqual(contents[1]);
  expect(contents[0]).toContain(7);
  expect(contents[0]).toContain(0);
});

test("what a dead program still asks for reaches nothing", async () => {
  const { simulation, disk, port, process } = diskBench();
  const notices: RequestNotice[] = [];
  disk.onRequest((notice) => notices.push(notice));
  process.kill();
  void port.write(0, filled(1, 512));
  await simulation.run();
  expect(disk.peek(0, 512)).toEqual(filled(0, 512));
  expect(notices).toEqual([]);
});

test("a power loss tells of every sector that it changed, those of writes in flight too", async () => {
  const { disk, port, run } = diskBench();
  await run(async () => {
    await port.write(0, filled(1, 64 * 512));
    const shadow = disk.peek(0, 128 * 512).slice();
    disk.onChange(({ offsetBytes, lengthBytes, reason }) => {
      expect(reason).toBe("power-loss");
      shadow.set(disk.peek(offsetBytes, lengthBytes), offsetBytes);
    });
    const write = port.write(32 * 512, filled(2, 64 * 512));
    disk.powerLoss("sectors");
    expect(disk.peek(0, 128 * 512)).toEqual(shadow);
    expect([0, 1, 2].filter((byte) => !shadow.includes(byte))).toEqual([]);
    await expect(write).rejects.toThrow("EIO");
  });
});

test("at a power loss a process that lives on sees its requests fail", async () => {
  const { disk, port, run } = diskBench();
  await run(async () => {
    const write = port.write(0, filled(1, 4096));
    disk.powerLoss();
    await expect(write).rejects.toThrow(new DiskError("EIO", 0, 4096).message);
  });
});

test("a flush speaks for what had completed when it was called, not for what came later", async () => {
  const { disk, port, run } = diskBench({ timing: { jitterRatio: 0 } });
  await run(async () => {
    await port.write(0, filled(1, 512));
    const flush = port.flush();
    await port.write(512, filled(2, 512));
    await flush;
  });
  expect(disk.durable(0, 1024)).toEqual(Uint8Array.from([...filled(1, 512), ...filled(0, 512)]));
});

test("a caller that changes the buffer of a write under way is found out", async () => {
  const { port, run } = diskBench();
  const data = filled(1, 4096);
  const story = run(async () => {
    const write = port.write(8192, data);
    data[100] = 2;
    await write;
  });
  await expect(story).rejects.toThrow("the caller changed the buffer of write 0 (byte 8192, 4096 bytes)");
});

test("listeners can end the process at any request, and nothing else happens to it", async () => {
  for (let crashAt = 0; crashAt < 10; crashAt++) {
    const { simulation, disk, port, process } = diskBench();
    const notices: RequestNotice[] = [];
    disk.onRequest((notice) => {
      notices.push(notice);
      if (notices.length - 1 !== crashAt) return;
      disk.powerLoss("lose-all");
      process.kill();
    });
    let done = 0;
    void (async () => {
      for (let sector = 0; sector < 20; sector++) {
        await port.write(sector * 512, filled(sector + 1, 512), { fua: true });
        done++;
      }
    })();
    await simulation.run();
    expect(notices.length).toBe(crashAt + 1);
    expect(done).toBe(Math.floor(crashAt / 2));
    const durableCount = Math.floor((crashAt + 1) / 2);
    for (let sector = 0; sector < 20; sector++) {
      expect(disk.peek(sector * 512, 512)).toEqual(filled(sector < durableCount ? sector + 1 : 0, 512));
    }
  }
});

test("two runs of one seed give the same events; other bytes give others", async () => {
  const digest = async (byte: number): Promise<string> => {
    const { simulation, disk, port, run } = diskBench();
    await run(async () => {
      await port.write(0, filled(byte, 512));
    });
    disk.powerLoss();
    return simulation.log.digest;
  };
  expect(await digest(1)).toBe(await digest(1));
  expect(await digest(1)).not.toBe(await digest(2));
});

test("a disk of 10 GiB costs what is written", async () => {
  const sizeBytes = 10 * 1024 ** 3;
  const { disk, port, run } = diskBench({ sizeBytes });
  await run(async () => {
    await port.write(sizeBytes - 512, filled(1, 512));
    await port.write(0, new Uint8Array(1024 * 1024));
    await port.trim(0, sizeBytes - 512);
  });
  expect(disk.allocatedRanges()).toEqual([{ offsetBytes: sizeBytes - 64 * 1024, lengthBytes: 64 * 1024 }]);
});

test("a caller without a bound is stopped", async () => {
  const { port, run } = diskBench();
  await expect(
    run(async () => {
      const all: Promise<void>[] = [];
      for (let count = 0; count <= 65_536; count++) all.push(port.flush());
      await Promise.all(all);
    }),
  ).rejects.toThrow("65536 requests in flight");
});
