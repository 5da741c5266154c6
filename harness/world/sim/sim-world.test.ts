import { expect, test } from "vitest";
import { NS_PER_MS } from "../../../engine/ports/index.ts";
import { EventLog } from "../../history/event-log.ts";
import type { SystemConfig, SystemPorts, Target, TargetSystem } from "../../target/target.ts";
import { tellingListener } from "../telling-listener.ts";
import { hostPump } from "./host-pump.ts";
import { Scheduler } from "./scheduler.ts";
import { SimWorld } from "./sim-world.ts";

/** A world whose programs do what the test tells them, and a list of what the world told. */
function world(body: (config: SystemConfig, ports: SystemPorts) => Promise<void>) {
  const told: string[] = [];
  const scheduler = new Scheduler(new EventLog(), { eventsMax: 100_000, timeNsMax: 100_000 * NS_PER_MS });
  const target: Target = {
    name: "none",
    digest: "none",
    capabilities: new Set(),
    start: (config, ports): TargetSystem => ({
      ready: body(config, ports),
      failed: new Promise(() => {}),
      device: () => {
        throw new Error("no device");
      },
      admin: async () => {},
      pairs: () => [],
      pending: () => undefined,
      images: () => [],
      image: () => {
        throw new Error("no image");
      },
      journals: () => [],
      restores: () => [],
    }),
  };
  const volume = (name: string) => ({ name, sizeBytes: 65536, trackBytes: 8192 });
  const made = new SimWorld({
    scheduler,
    seed: 1,
    target,
    systems: [
      { name: "a", volumes: [volume("pvol")] },
      { name: "b", volumes: [volume("svol")] },
    ],
    links: [{ name: "link", dial: "a", listen: "b" }],
    latencyNs: 200_000,
    checkBuffers: true,
    listener: {
      ...tellingListener(told, () => {}),
      step: (system, step) => told.push(`step ${system} ${step.name}`),
      targetFailed: (system, error) => told.push(`failed ${system} ${String(error)}`),
    },
  });
  return {
    told,
    world: made,
    /** Runs `main` in virtual time until nothing is left to do. */
    async run(main: () => Promise<void>): Promise<void> {
      made.after(0, () => {
        main().catch((error: unknown) => scheduler.fail(error));
      });
      await scheduler.run(hostPump());
    },
  };
}

const idle = async (): Promise<void> => {};
const sector = (value: number): Uint8Array => new Uint8Array(512).fill(value);

test("a power crash loses what was not flushed, a kill does not", async () => {
  let written = 0;
  const { world: sim, run } = world(async (config, { disks }) => {
    const disk = disks.get(config.volumes[0]?.name ?? "");
    if (config.name !== "a" || disk === undefined || written++ > 0) return;
    await disk.write(0, sector(1), { fua: true });
    for (let at = 512; at < 65536; at += 512) await disk.write(at, sector(2));
  });
  await run(async () => {
    await sim.start();
    const kept = (): number => {
      let count = 0;
      for (let at = 512; at < 65536; at += 512) if (sim.simDisk("pvol").peek(at, 1)[0] === 2) count++;
      return count;
    };
    sim.system("a").crash("kill");
    expect(kept()).toBe(127);
    await sim.system("a").restart();
    const { effects } = sim.system("a").crash("power");
    expect(kept()).toBeLessThan(127);
    expect(effects()).toEqual({ stopped: 1, requestsGone: 0, sectorsLost: 127 - kept() });
    expect(sim.simDisk("pvol").peek(0, 512)).toEqual(sector(1));
    expect(sim.system("a").state).toBe("down");
    expect(sim.system("a").crash("power").effects()).toEqual({ stopped: 0 });
  });
});

test("who waits for a restart goes on when the system is struck down again", async () => {
  const { world: sim, run } = world(idle);
  await run(async () => {
    await sim.start();
    sim.system("a").crash("kill");
    const [one, other] = [sim.system("a").restart(), sim.system("a").restart()];
    sim.system("a").crash("power");
    await Promise.all([one, other]);
    expect(sim.system("a").state).toBe("down");
    await sim.system("a").restart();
    expect(sim.system("a").serving).toBeDefined();
  });
});

test("a torn write cuts the power of its system at that moment", async () => {
  const {
    world: sim,
    run,
    told,
  } = world(async (config, { disks, log }) => {
    if (config.name !== "a") return;
    const disk = disks.get("pvol");
    if (told.includes("down a power")) return;
    setTimeoutInWorld(async () => {
      await disk?.write(0, new Uint8Array(4096).fill(1));
      log.step("after the write", {});
    });
  });
  const setTimeoutInWorld = (body: () => Promise<void>): void => {
    sim.after(NS_PER_MS, () => void body());
  };
  await run(async () => {
    await sim.start();
    const { effects } = sim.disk("pvol").inject({ kind: "torn-write", sectors: 3 });
    await sim.sleep(10 * NS_PER_MS);
    expect(told).toEqual(["up a", "up b", "down a power"]);
    expect([0, 1024, 1536, 3584].map((at) => sim.simDisk("pvol").peek(at, 1)[0])).toEqual([1, 1, 0, 0]);
    expect(effects()["sectors"]).toBe(5);
  });
});

test("a torn write that is healed while the write is under way cuts no power any more", async () => {
  let acknowledged = false;
  const { world: sim, run } = world(async (config, { disks, clock }) => {
    if (config.name !== "a") return;
    const write = async (): Promise<void> => {
      await disks.get("pvol")?.write(0, new Uint8Array(4096).fill(1), { fua: true });
      acknowledged = true;
    };
    clock.after(NS_PER_MS, () => void write());
  });
  await run(async () => {
    await sim.start();
    const torn = sim.disk("pvol").inject({ kind: "torn-write", sectors: 3 });
    const begun = new Promise<void>((resolve) => sim.onDiskRequest("pvol", () => resolve()));
    await begun;
    torn.heal();
    await sim.sleep(10 * NS_PER_MS);
    expect(acknowledged).toBe(true);
    expect(sim.system("a").state).toBe("running");
    expect(torn.effects()["requests"]).toBe(0);
    sim.simDisk("pvol").powerLoss("lose-all");
    expect(sim.simDisk("pvol").peek(3584, 1)[0]).toBe(1);
  });
});

test("a paused program notices nothing until it is resumed", async () => {
  let ticks = 0;
  const { world: sim, run } = world(async (config, { clock }) => {
    const tick = (): void => {
      ticks++;
      if (ticks < 100) clock.after(NS_PER_MS, tick);
    };
    if (config.name === "a") tick();
  });
  await run(async () => {
    await sim.start();
    await sim.sleep(5.5 * NS_PER_MS);
    const injection = sim.system("a").pause();
    const before = ticks;
    await sim.sleep(10 * NS_PER_MS);
    expect(ticks).toBe(before);
    expect(injection.effects()).toEqual({ deferred: 1 });
    injection.heal();
    await sim.sleep(2.5 * NS_PER_MS);
    expect(ticks).toBe(before + 3);
    expect(injection.effects()).toEqual({ deferred: 1 });
  });
});

test("a wrong clock has an effect only on who looks at it", async () => {
  let look = (): number => 0;
  const { world: sim, run } = world(async (config, { clock }) => {
    if (config.name === "a") look = () => clock.wallMs();
  });
  await run(async () => {
    await sim.start();
    const before = look();
    const step = sim.system("a").stepClock(-5000);
    expect(step.effects()).toEqual({ wallReads: 0 });
    expect(look()).toBe(before - 5000);
    expect(step.effects()).toEqual({ wallReads: 1 });
    step.heal();
    step.heal();
    expect(look()).toBe(before);
    const drift = sim.system("a").driftClock(100_000);
    await sim.sleep(100 * NS_PER_MS);
    expect(look()).toBe(before + 110);
    expect(drift.effects()).toEqual({ timersSet: 0 });
  });
});

test("cuts may overlap: the link is back when the last is healed", async () => {
  let dial: () => Promise<string> = async () => "";
  const {
    world: sim,
    run,
    told,
  } = world(async (config, { links }) => {
    const [link] = config.links;
    if (link?.role === "listen") links.listen(link.address, () => {});
    dial = () =>
      links.dial("link/proxy").then(
        () => "made",
        () => "refused",
      );
  });
  await run(async () => {
    await sim.start();
    expect(await dial()).toBe("made");
    // The proxy still dials the other end.
    await sim.sleep(NS_PER_MS);
    const first = sim.link("link").cut();
    const second = sim.link("link").cut();
    first.heal();
    first.heal();
    expect(await dial()).toBe("refused");
    second.heal();
    expect(await dial()).toBe("made");
    expect(first.effects()).toMatchObject({ connectionsClosed: 1 });
    expect(second.effects()).toMatchObject({ connectionsClosed: 0, connectionsRefused: 1 });
    expect(told.slice(-4)).toEqual(["cut link", "cut link", "healed link", "healed link"]);
  });
});

test("a proxy that hangs over a dead receiver is made anew, and the link is whole again", async () => {
  const arrived: number[] = [];
  let dial: () => Promise<void> = async () => {};
  const { world: sim, run } = world(async (config, { links }) => {
    const [link] = config.links;
    if (link?.role === "dial") {
      dial = async () => {
        const made = await links.dial(link.address);
        for (let count = 0; count < 40; count++) void made.write(new Uint8Array(32 * 1024)).catch(() => {});
      };
    } else if (link !== undefined) {
      links.listen(link.address, (incoming) => {
        void incoming.read().then((bytes) => arrived.push(bytes?.length ?? 0));
      });
    }
  });
  await run(async () => {
    await sim.start();
    const slow = sim.link("link").toxic("latency", "upstream", { latency: 1000, jitter: 0 });
    await dial();
    await sim.sleep(50 * NS_PER_MS);
    sim.system("b").crash("power");
    slow.heal();
    await sim.system("b").restart();
    expect(arrived).toEqual([]);
    await sim.sleep(6000 * NS_PER_MS);
    await dial();
    await sim.sleep(50 * NS_PER_MS);
    expect(arrived).toHaveLength(1);
    expect(slow.effects()["bytesDelayed"]).toBeGreaterThan(0);
  });
});

test("a program whose disk fails while it starts is started again", async () => {
  const {
    world: sim,
    run,
    told,
  } = world(async (config, { meta }) => {
    if (config.name === "a") await meta.read(0, 512);
  });
  await run(async () => {
    sim.disk("a/meta").inject({ kind: "eio", on: ["read"], count: 2 });
    await sim.start();
    expect(told).toEqual(["up b", "down a kill", "down a kill", "up a"]);
    expect(sim.nowNs()).toBeGreaterThan(200 * NS_PER_MS);
    sim.disk("a/meta").inject({ kind: "eio", on: ["read"] });
    sim.system("a").crash("kill");
    void sim.system("a").restart();
    await sim.sleep(300_000 * NS_PER_MS);
    expect(told.filter((line) => line === "down a kill").length).toBe(2 + 1 + 2_400);
    expect(told.at(-1)).toContain("failed a DiskError: EIO");
  });
});

test("a program that cannot start is told, and one that was killed meanwhile is not", async () => {
  const {
    world: sim,
    run,
    told,
  } = world(async (config) => {
    if (config.name === "a") throw new Error("no table");
  });
  await run(async () => {
    for (const system of sim.systems) system.start();
    await sim.sleep(NS_PER_MS);
  });
  expect(told).toEqual(["failed a Error: no table", "up b"]);
  const late = world(idle);
  await late.run(async () => {
    late.world.system("a").start();
    late.world.system("a").crash("kill");
    await late.world.sleep(NS_PER_MS);
  });
  expect(late.told).toEqual(["down a kill"]);
});
