import { type ConformanceTest, expectSame, expectThat } from "../../engine/ports/conformance.ts";
import { NS_PER_MS } from "../../engine/ports/index.ts";
import { KiB, mirror } from "../plan/index.ts";
import { HostError } from "../target/target.ts";
import type { RunWorld } from "./run-world.ts";
import { deviceOf, makePair, reportsOf, until, type WithWorld, type WorldUnderTest } from "./world-under-test.ts";

const TOPOLOGY = mirror({ sizeBytes: KiB(256), trackBytes: KiB(8), mode: "sync" });
const block = (value: number): Uint8Array => new Uint8Array(4096).fill(value);

/** What every world does, whoever drives it: hosts, administrators, faults, and what can be seen of disks. */
export function worldConformance(test: ConformanceTest, withWorld: WithWorld): void {
  const worldTest = (name: string, body: (under: WorldUnderTest) => Promise<void>): void => {
    test(name, () =>
      withWorld(TOPOLOGY, async (under) => {
        await under.world.start();
        await body(under);
      }),
    );
  };

  worldTest("systems serve hosts, and what was written is seen on the disk", async ({ world, look }) => {
    const device = deviceOf(world, "pvol");
    await device.write(8192, block(7));
    await look();
    expectSame([...world.view("pvol").peek(8192, 2)], [7, 7], "view of pvol");
    expectSame([...(await device.read(8192, 1024)).subarray(0, 2)], [7, 7], "what a host reads");
  });

  worldTest("a pair is made over the link, and both disks hold the same", async (under) => {
    const { world, look } = under;
    await deviceOf(world, "pvol").write(0, block(1));
    await createPair(under);
    await deviceOf(world, "pvol").write(4096, block(2));
    await look();
    expectSame([...world.view("svol").peek(0, 1), ...world.view("svol").peek(4096, 1)], [1, 2], "view of svol");
  });

  worldTest("a link that is cut separates the systems until it is healed", async (under) => {
    const { world, told } = under;
    await createPair(under);
    const cut = world.link("link").cut();
    await until(under, "both ends to notice the cut", () => connectedEnds(world) === 0);
    expectThat((cut.effects()["connectionsClosed"] ?? 0) > 0, "the cut closed no connection");
    cut.heal();
    await until(under, "both ends to find each other", () => connectedEnds(world) === 2);
    expectSame(
      told.filter((text) => text.endsWith(" link")),
      ["cut link", "healed link"],
      "what the listener was told",
    );
  });

  worldTest("a system that is killed is gone for hosts, and its disks keep everything", async (under) => {
    const { world, told } = under;
    await deviceOf(world, "pvol").write(0, block(3));
    const system = world.system("a");
    let wasTold = false;
    system.onDown(() => {
      wasTold = true;
    });
    const crash = system.crash("kill");
    await until(under, "the system to be down", () => system.state === "down");
    expectThat(system.serving === undefined, "a dead system serves");
    expectThat(wasTold, "who waits for the system was not told");
    expectThat((crash.effects()["stopped"] ?? 0) === 1, "the crash had no effect");
    await system.restart();
    expectSame([...(await deviceOf(world, "pvol").read(0, 512)).subarray(0, 1)], [3], "what was written before");
    expectSame(
      told.filter((text) => text.includes(" a")),
      ["up a", "down a kill", "up a"],
      "what the listener was told",
    );
  });

  worldTest("a loss of power keeps what was flushed", async (under) => {
    const { world } = under;
    const device = deviceOf(world, "pvol");
    await device.write(0, block(4), { fua: true });
    await device.write(4096, block(5));
    await device.flush();
    const system = world.system("a");
    system.crash("power");
    await until(under, "the system to be down", () => system.state === "down");
    await system.restart();
    const back = await deviceOf(world, "pvol").read(0, 8192);
    expectSame([back[0], back[4095], back[4096], back[8191]], [4, 4, 5, 5], "what was flushed");
  });

  worldTest("a paused system answers when it goes on", async (under) => {
    const { world } = under;
    const system = world.system("a");
    const device = deviceOf(world, "pvol");
    await device.write(0, block(6));
    const pause = system.pause();
    await until(under, "the system to be paused", () => system.state === "paused");
    const answer = { here: false };
    const read = new Promise<void>((resolve, reject) => {
      system.request("read", () => {
        device.read(0, 512).then(() => {
          answer.here = true;
          resolve();
        }, reject);
      });
    });
    await world.sleep(100 * NS_PER_MS);
    expectThat(!answer.here, "a paused system answered");
    pause.heal();
    await read;
    await until(under, "the system to run", () => system.state === "running");
  });

  worldTest("a disk that fails is a failure for hosts until it is healed", async (under) => {
    const { world, look } = under;
    const device = deviceOf(world, "pvol");
    await device.write(0, block(8));
    const fault = world.disk("pvol").inject({ kind: "eio", on: ["read"] });
    await look();
    let code = "";
    await device.read(0, 4096).catch((error: unknown) => {
      if (!(error instanceof HostError)) throw error;
      ({ code } = error);
    });
    expectSame(code, "EIO", "what the host was told");
    fault.heal();
    await until(under, "the effect of the fault", () => (fault.effects()["requests"] ?? 0) > 0);
    expectSame([...(await device.read(0, 512)).subarray(0, 1)], [8], "what it reads afterwards");
  });
}

async function createPair(under: WorldUnderTest): Promise<void> {
  await makePair(under, "sync");
}

function connectedEnds(world: RunWorld): number {
  return reportsOf(world).filter(({ connected }) => connected).length;
}
