import { expect, test } from "vitest";
import type { DiskFault } from "../../world.ts";
import type { DiskFaultSpec } from "./disk-fault.ts";
import { diskBench, filled } from "./sim-disk.fixture.ts";

test("every disk fault of a plan is one that the disk takes", () => {
  const ofPlan: DiskFault = { kind: "torn-write", sectors: 3, nth: 2 };
  const taken: DiskFaultSpec = ofPlan;
  expect(diskBench().disk.inject(taken).faultId).toBe(1);
});

test("stalled requests wait for the healing, then complete", async () => {
  const { simulation, disk, port, run } = diskBench();
  const fault = disk.inject({ kind: "stall", on: ["write"], range: { offsetBytes: 0, lengthBytes: 512 } });
  const order: string[] = [];
  await run(async () => {
    const stalled = port.write(0, filled(1, 512)).then(() => order.push("stalled"));
    await port.write(512, filled(2, 512));
    await port.flush();
    order.push("others");
    expect(disk.inFlightCount).toBe(1);
    simulation.at(1_000_000_000, 1, () => fault.heal());
    await stalled;
  });
  expect(order).toEqual(["others", "stalled"]);
  expect(simulation.scheduler.nowNs).toBeGreaterThan(1_000_000_000);
  expect(fault.effects()).toEqual({ requests: 1, sectors: 0 });
  expect(disk.peek(0, 1)).toEqual(filled(1, 1));
});

test("a stall with a duration ends on its own, and may end in another fault", async () => {
  const { simulation, disk, port, run } = diskBench();
  disk.inject({ kind: "stall", on: ["flush"], durationNs: 5_000_000_000 });
  const eio = disk.inject({ kind: "eio", on: ["flush"] });
  const phases: string[] = [];
  disk.onRequest(({ phase }) => phases.push(phase));
  await run(async () => {
    await expect(port.flush()).rejects.toThrow("EIO");
  });
  expect(simulation.scheduler.nowNs).toBeGreaterThan(5_000_000_000);
  expect(eio.effects().requests).toBe(1);
  expect(phases).toEqual(["started", "failed"]);
});

test("a stalled request of a killed process completes at the next opening; healing later does nothing", async () => {
  const { simulation, disk, port, process, reopen } = diskBench();
  const fault = disk.inject({ kind: "stall", on: ["write"] });
  const phases: string[] = [];
  disk.onRequest(({ phase }) => phases.push(phase));
  void port.write(0, filled(1, 512));
  process.kill();
  reopen();
  expect(disk.peek(0, 1)).toEqual(filled(1, 1));
  fault.heal();
  await simulation.run();
  expect(phases).toEqual(["started", "completed"]);
});

test("power can be lost at exactly the write that tears", async () => {
  const { simulation, disk, port, process } = diskBench();
  const fault = disk.inject({ kind: "torn-write", sectors: 3, nth: 2 });
  fault.onEffect(() => {
    disk.powerLoss("keep-all");
    process.kill();
  });
  let acknowledged = 0;
  void (async () => {
    for (let round = 1; round <= 4; round++) {
      await port.write(0, filled(round, 8 * 512), { fua: true });
      acknowledged = round;
    }
  })();
  await simulation.run();
  expect(acknowledged).toBe(1);
  expect(disk.peek(0, 8 * 512)).toEqual(Uint8Array.from([...filled(2, 3 * 512), ...filled(1, 5 * 512)]));
  expect(fault.effects()).toEqual({ requests: 1, sectors: 5 });
  expect(disk.inFlightCount).toBe(0);
});

test("a program that outlives such a power loss is told that its write failed", async () => {
  const { disk, port, run } = diskBench();
  disk.inject({ kind: "torn-write", sectors: 1 }).onEffect(() => disk.powerLoss("lose-all"));
  await run(async () => {
    await expect(port.write(0, filled(1, 1024))).rejects.toThrow("EIO at byte 0, 1024 bytes");
  });
  expect(disk.peek(0, 1024)).toEqual(Uint8Array.from([...filled(1, 512), ...filled(0, 512)]));
});

test("lost, misdirected and flipped writes are acknowledged, seen by reads, and traced to their fault", async () => {
  const { disk, port, run } = diskBench();
  const lost = disk.inject({ kind: "lost-write", range: { offsetBytes: 0, lengthBytes: 512 } });
  const astray = disk.inject({
    kind: "misdirected-write",
    range: { offsetBytes: 4096, lengthBytes: 512 },
    toOffsetBytes: 8192,
  });
  const flip = disk.inject({ kind: "bit-flip", bitIndex: 8, range: { offsetBytes: 16_384, lengthBytes: 512 } });
  const seen: (number | undefined)[] = [];
  disk.onChange(({ reason, faultId }) => {
    if (reason === "fault") seen.push(faultId);
  });
  await run(async () => {
    await port.write(0, filled(1, 512));
    await port.write(4096, filled(2, 512));
    await port.write(16_384, filled(4, 512));
    expect(await port.read(0, 512)).toEqual(filled(0, 512));
    expect(await port.read(4096, 512)).toEqual(filled(0, 512));
    expect(await port.read(8192, 512)).toEqual(filled(2, 512));
    expect((await port.read(16_384, 512)).subarray(0, 3)).toEqual(Uint8Array.of(4, 5, 4));
  });
  expect(disk.damage()).toEqual([
    { sectorIndex: 0, faultId: lost.faultId },
    { sectorIndex: 8, faultId: astray.faultId },
    { sectorIndex: 16, faultId: astray.faultId },
    { sectorIndex: 32, faultId: flip.faultId },
  ]);
  expect([0, 1, 16].map((sectorIndex) => disk.damageAt(sectorIndex))).toEqual([
    lost.faultId,
    undefined,
    astray.faultId,
  ]);
  expect(seen).toEqual([astray.faultId, flip.faultId]);
  expect(disk.pristine(4096, 512)).toEqual(filled(2, 512));
});

test("rewriting a damaged sector mends it", async () => {
  const { disk, port, run } = diskBench();
  disk.inject({ kind: "bit-rot", bitIndex: 77 });
  expect(disk.damage()).toEqual([{ sectorIndex: 0, faultId: 1 }]);
  await run(() => port.write(0, filled(5, 512)));
  expect(disk.damage()).toEqual([]);
});
