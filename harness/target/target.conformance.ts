import { type ConformanceTest, expectSame, expectThat } from "../../engine/ports/conformance.ts";
import { NS_PER_MS } from "../../engine/ports/index.ts";
import { KiB, mirror } from "../plan/index.ts";
import type { RunWorld } from "../world/run-world.ts";
import {
  deviceOf,
  inStep,
  makePair,
  reportsOf,
  until,
  type WithWorld,
  type WorldUnderTest,
} from "../world/world-under-test.ts";
import { type Capability, CAPABILITY_NAMES } from "./capability.ts";
import { type AdminCommand, AdminError } from "./target.ts";

const BLOCK = 4096;
const SIZE = KiB(256);
const block = (value: number): Uint8Array => new Uint8Array(BLOCK).fill(value);

export interface TargetConformanceParts {
  readonly test: ConformanceTest;
  readonly capabilities: ReadonlySet<Capability>;
  /** Worlds whose systems run the target. */
  readonly withWorld: WithWorld;
}

/**
 * What every target does as the harness understands it; cases of what it does not declare are left out. It says that an
 * adapter tells the truth about its engine, one thing at a time; whether the engine is any good, scenarios say.
 */
export function targetConformance({ test, capabilities, withWorld }: TargetConformanceParts): void {
  const mode = capabilities.has("sync") ? "sync" : "async";
  const targetTest = (
    name: string,
    needs: readonly Capability[],
    body: (under: WorldUnderTest) => Promise<void>,
  ): void => {
    if (!needs.every((capability) => capabilities.has(capability))) return;
    test(name, () =>
      withWorld(mirror({ sizeBytes: SIZE, trackBytes: KiB(8), mode }), async (under) => {
        await under.world.start();
        await body(under);
      }),
    );
  };
  const hasPairs = capabilities.has("sync") || capabilities.has("async");
  const pairTest = (name: string, needs: readonly Capability[], body: (under: WorldUnderTest) => Promise<void>): void => {
    if (!hasPairs) return;
    targetTest(name, needs, async (under) => {
      await deviceOf(under.world, "pvol").write(0, block(1));
      await makePair(under, mode);
      await body(under);
    });
  };

  targetTest("each volume is served, of its size, and byte n lies at byte n of its disk, or of the copy that is kept", [], async (under) => {
    const { world, look } = under;
    for (const volume of ["pvol", "svol"]) {
      const device = deviceOf(world, volume);
      expectSame(device.sizeBytes, SIZE, `size of ${volume}`);
      for (const at of [0, 8704, SIZE - BLOCK]) await device.write(at, block(at % 251));
      await device.flush();
      await look();
      for (const at of [0, 8704, SIZE - BLOCK]) {
        expectSame(world.view(volume).peek(at, 512)[511], at % 251, `byte ${at + 511} of the disk of ${volume}`);
        expectSame((await device.read(at, BLOCK))[BLOCK - 1], at % 251, `byte ${at + BLOCK - 1} of ${volume}`);
      }
    }
  });

  targetTest("what was flushed is there after a loss of power", ["volume-disk"], async (under) => {
    const device = deviceOf(under.world, "pvol");
    await device.write(0, block(2));
    await device.flush();
    await device.write(BLOCK, block(3), { fua: true });
    await fallAndReturn(under, "a", "power");
    const back = await deviceOf(under.world, "pvol").read(0, 2 * BLOCK);
    expectSame([back[0], back[BLOCK]], [2, 3], "what was flushed");
  });

  targetTest("a node that is killed starts again with what it kept", [], async (under) => {
    await deviceOf(under.world, "pvol").write(0, block(4));
    await fallAndReturn(under, "a", "kill");
    expectSame((await deviceOf(under.world, "pvol").read(0, 512))[0], 4, "what was answered before");
  });

  targetTest("a node that was paused goes on", [], async (under) => {
    const { world } = under;
    const pause = world.system("a").pause();
    await until(under, "the pause", () => world.system("a").state === "paused");
    await world.sleep(50 * NS_PER_MS);
    pause.heal();
    await until(under, "the end of the pause", () => world.system("a").state === "running");
    await deviceOf(world, "pvol").write(0, block(5));
    expectSame((await deviceOf(world, "pvol").read(0, 512))[0], 5, "what was written after the pause");
  });

  targetTest("a command for a pair that there is not, and one that is not declared, is refused", [], async (under) => {
    const pair = "nobody";
    const commands: readonly AdminCommand[] = [
      { kind: "split", pair, secondary: "read-only" },
      { kind: "resync", pair },
      { kind: "takeover", pair },
      { kind: "failback", pair },
      { kind: "delete", pair, scope: "here" },
      { kind: "restore", pair, scope: "all" },
    ];
    for (const command of commands) await expectRefusal(under.world, command);
    expectSame(reportsOf(under.world).length, 0, "pairs after commands that were refused");
  });

  targetTest("what was trimmed or zeroed reads as zeroes", ["trim"], async ({ world }) => {
    const device = deviceOf(world, "pvol");
    await device.write(0, block(6));
    await device.trim(512, 512);
    await device.writeZeroes(1536, 512);
    const back = await device.read(0, 2048);
    expectSame([back[0], back[512], back[1024], back[1536]], [6, 0, 6, 0], "what is read");
  });

  pairTest("a pair is copied, and both ends say so", [], async (under) => {
    const { world, look } = under;
    await look();
    expectSame(world.view("svol").peek(0, 512)[511], 1, "byte 511 of svol");
    const roles = reportsOf(world).map(({ volume, role }) => [volume, role]);
    expectSame(
      roles,
      [
        ["pvol", "primary"],
        ["svol", "secondary"],
      ],
      "what both ends say",
    );
    await until(under, "nothing to be pending", () => reportsOf(world).every(({ pendingTracks }) => pendingTracks === 0));
  });

  pairTest("an acknowledged write is at both ends", ["sync"], async ({ world, look }) => {
    for (let at = 0; at < SIZE; at += BLOCK) {
      await deviceOf(world, "pvol").write(at, block(7));
      await look();
      expectSame(world.view("svol").peek(at, 512)[0], 7, `byte ${at} of svol`);
    }
  });

  pairTest("a write follows to the secondary", ["async"], async (under) => {
    await deviceOf(under.world, "pvol").write(BLOCK, block(8));
    await until(under, "the write at the secondary", () => under.world.view("svol").peek(BLOCK, 512)[0] === 8);
  });

  pairTest("a link that is cut is noticed, hosts are served, and afterwards the pair comes together", [], async (under) => {
    const { world, look } = under;
    const cut = world.link("link").cut();
    await until(under, "both ends to notice the cut", () => reportsOf(world).every(({ connected }) => !connected));
    await deviceOf(world, "pvol").write(2 * BLOCK, block(9));
    await look();
    const kept = ["pvol", "svol"].map((volume) => world.view(volume).peek(2 * BLOCK, 512)[0]);
    expectSame(kept, [9, 0], "what each end has of a write during the cut");
    cut.heal();
    await inStep(under);
    await look();
    expectSame(world.view("svol").peek(2 * BLOCK, 512)[0], 9, "what was written during the cut, at svol");
    expectThat((cut.effects()["connectionsClosed"] ?? 0) > 0, "no node said that its link was up before the cut");
  });

  for (const system of ["a", "b"])
    pairTest(`a pair outlives a kill of ${system}, and comes together`, [], async (under) => {
      await fallAndReturn(under, system, "kill");
      await inStep(under);
      await deviceOf(under.world, "pvol").write(3 * BLOCK, block(10));
      await until(under, "a write at the secondary", () => under.world.view("svol").peek(3 * BLOCK, 512)[0] === 10);
    });

  pairTest("a split keeps the secondary as it is, until a resync", ["split"], async (under) => {
    const { world, look } = under;
    await admin(world, "a", { kind: "split", pair: "pair", secondary: "read-only" });
    await until(under, "SPLIT at both ends", () => reportsOf(world).every(({ status }) => status === "SPLIT"));
    expectSame(reportsOf(world).map(({ suspension }) => suspension), ["operator", "operator"], "why it is SPLIT");
    await deviceOf(world, "pvol").write(0, block(11));
    expectSame((await deviceOf(world, "svol").read(0, 512))[0], 1, "what hosts read at the secondary");
    await look();
    expectSame(world.view("svol").peek(0, 512)[0], 1, "byte 0 of svol during the split");
    await admin(world, "a", { kind: "resync", pair: "pair" });
    await inStep(under);
    await look();
    expectSame(world.view("svol").peek(0, 512)[0], 11, "byte 0 of svol after the resync");
  });

  pairTest("what hosts wrote at the secondary of a split pair is discarded", ["split-read-write"], async (under) => {
    const { world, look } = under;
    await admin(world, "a", { kind: "split", pair: "pair", secondary: "read-write" });
    await until(under, "SPLIT at both ends", () => reportsOf(world).every(({ status }) => status === "SPLIT"));
    await deviceOf(world, "svol").write(BLOCK, block(12));
    await admin(world, "a", { kind: "resync", pair: "pair", direction: "forward" });
    await inStep(under);
    await look();
    expectSame(world.view("svol").peek(BLOCK, 512)[0], 0, `byte ${BLOCK} of svol after the resync`);
  });

  pairTest("the other direction keeps what the secondary has", ["split-read-write", "resync-reverse"], async (under) => {
    const { world, look } = under;
    await admin(world, "a", { kind: "split", pair: "pair", secondary: "read-write" });
    await until(under, "SPLIT at both ends", () => reportsOf(world).every(({ status }) => status === "SPLIT"));
    await deviceOf(world, "svol").write(BLOCK, block(13));
    await admin(world, "a", { kind: "resync", pair: "pair", direction: "reverse" });
    await inStep(under);
    await look();
    expectSame(world.view("pvol").peek(BLOCK, 512)[0], 13, `byte ${BLOCK} of pvol after the resync`);
  });

  pairTest("the secondary takes over while the primary is gone", ["takeover"], async (under) => {
    const { world } = under;
    world.system("a").crash("kill");
    await until(under, "a to be down", () => world.system("a").state === "down");
    await until(under, "b to notice", () => reportsOf(world).every(({ connected }) => !connected));
    await admin(world, "b", { kind: "takeover", pair: "pair" });
    await deviceOf(world, "svol").write(0, block(14));
    expectSame((await deviceOf(world, "svol").read(0, 512))[0], 14, "what hosts read after the takeover");
  });

  pairTest("a failback swaps the roles", ["failback"], async (under) => {
    const { world } = under;
    await admin(world, "a", { kind: "failback", pair: "pair" });
    const swapped = [["pvol", "secondary"], ["svol", "primary"]];
    const roles = (): unknown => reportsOf(world).map(({ volume, role }) => [volume, role]);
    await until(under, "the roles to be swapped", () => JSON.stringify(roles()) === JSON.stringify(swapped));
    await deviceOf(world, "svol").write(0, block(15));
    await until(under, "a write at the other end", () => world.view("pvol").peek(0, 512)[0] === 15);
  });

  pairTest("a split pair that is deleted is forgotten at both ends", ["split", "delete"], async (under) => {
    const { world } = under;
    await admin(world, "a", { kind: "split", pair: "pair", secondary: "read-only" });
    await until(under, "SPLIT at both ends", () => reportsOf(world).every(({ status }) => status === "SPLIT"));
    await admin(world, "a", { kind: "delete", pair: "pair", scope: "both" });
    await until(under, "no end to know it", () => reportsOf(world).length === 0);
    await deviceOf(world, "svol").write(0, block(16));
  });

  pairTest("hosts read the secondary of a pair that is in step", ["read-secondary"], async ({ world }) => {
    expectSame((await deviceOf(world, "svol").read(0, 512))[0], 1, "what hosts read at the secondary");
  });
}

/** What a target does not declare, for whoever wants to know what was not tested. */
export function undeclared(capabilities: ReadonlySet<Capability>): readonly Capability[] {
  return CAPABILITY_NAMES.filter((capability) => !capabilities.has(capability));
}

async function admin(world: RunWorld, system: string, command: AdminCommand): Promise<void> {
  const { serving } = world.system(system);
  if (serving === undefined) throw new Error(`${system} does not serve`);
  await serving.admin(command);
}

/** Refused by a code, and by an answer. */
async function expectRefusal(world: RunWorld, command: AdminCommand): Promise<void> {
  const found = await admin(world, "a", command).then(
    () => "done",
    (error: unknown) => (error instanceof AdminError ? error.code : String(error)),
  );
  const isCode = /^[A-Z][A-Z0-9_]+$/.test(found) && found !== "UNANSWERED" && found !== "DOWN";
  expectThat(isCode, `${command.kind} of a pair that there is not: expected a refusal with a code, found ${found}`);
}

async function fallAndReturn(under: WorldUnderTest, name: string, how: "kill" | "power"): Promise<void> {
  const system = under.world.system(name);
  system.crash(how);
  await until(under, `${name} to be down`, () => system.state === "down");
  await system.restart();
}
