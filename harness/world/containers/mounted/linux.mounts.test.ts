import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { MiB } from "../../../plan/index.ts";
import { MirroredVolume } from "../mirrored-volume.fixture.ts";
import { Stage } from "../stage.ts";
import { e2fsckOf } from "./e2fsck-of.ts";
import { MountedLoad } from "./mounted-load.ts";
import { MountedVolume, type MountOptions } from "./mounted-volume.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

/** Unmounts after the test, whatever becomes of it. */
async function mounted(options: MountOptions): Promise<MountedVolume> {
  const volume = await MountedVolume.mount(options);
  onTestFinished(() => volume.tear());
  return volume;
}

/** A load that runs on a fresh ext4 on the primary volume. */
async function loaded(mirrored: MirroredVolume): Promise<{ volume: MountedVolume; load: MountedLoad }> {
  const volume = await mounted({ ...mirrored.world.system("a").nbd, exportName: "pvol", format: true });
  const load = new MountedLoad();
  await load.prepare(volume);
  load.start(volume);
  await load.progress(3);
  return { volume, load };
}

test("what Linux and SQLite write while the link is cut is on the secondary after the heal, sound and complete", async () => {
  const mirrored = await MirroredVolume.create(stage, MiB(32));
  const { world } = mirrored;
  const { volume, load } = await loaded(mirrored);
  for (let round = 0; round < 3; round++) {
    const cut = world.link("link").cut();
    await mirrored.until("the cut to be noticed", (reports) => reports.every(({ connected }) => !connected));
    await load.progress(5);
    cut.heal();
    await mirrored.duplex();
    await load.progress(2);
  }
  await load.stop();
  await volume.unmount();
  await mirrored.duplex();

  expect(await mirrored.difference()).toBe(-1);
  expect(await e2fsckOf(world.system("b").nbd, "svol", "-fn")).toBe("exit 0");
  const secondary = await mounted({ ...world.system("b").nbd, exportName: "svol", readOnly: true });
  expect(await load.wrongOn(secondary, { readOnly: true })).toEqual([]);
  await secondary.unmount();
});

const disasters: readonly [string, (mirrored: MirroredVolume) => Promise<void>][] = [
  [
    "the primary is killed",
    async ({ world }) => {
      world.system("a").crash("kill");
      await world.settled();
    },
  ],
  [
    "both systems lose power and the secondary alone comes back",
    async ({ world }) => {
      world.system("a").crash("power");
      world.system("b").crash("power");
      await world.settled();
      await world.system("b").restart();
    },
  ],
];

test.each(disasters)("%s: the secondary has every file and transaction that was acknowledged", async (_, strike) => {
  const mirrored = await MirroredVolume.create(stage, MiB(32));
  const { world } = mirrored;
  const { volume, load } = await loaded(mirrored);
  await load.progress(10);
  await strike(mirrored);
  await load.abandon(volume);
  await mirrored.until("the loss to be noticed", (reports) => reports.every(({ connected }) => !connected));
  await mirrored.admin("b", { kind: "takeover", pair: "pair" });

  // As at a mount, the journal is replayed; then nothing is left to mend.
  expect(await e2fsckOf(world.system("b").nbd, "svol", "-fp", "-fn")).toBe("exit 0");
  const successor = await mounted({ ...world.system("b").nbd, exportName: "svol" });
  expect(await load.wrongOn(successor, { readOnly: false })).toEqual([]);

  // The programs go on there, and the old primary comes back under them.
  load.start(successor);
  await load.progress(5);
  await world.system("a").restart();
  await mirrored.duplex();
  await load.progress(2);
  await load.stop();
  await successor.unmount();
  await mirrored.duplex();
  expect(await mirrored.difference()).toBe(-1);
  expect(await e2fsckOf(world.system("a").nbd, "pvol", "-fn")).toBe("exit 0");
});
