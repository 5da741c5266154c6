import { expect } from "vitest";
import { NS_PER_MS, SECTOR_BYTES } from "../ports/index.ts";
import { drained } from "../testing/drained.node.ts";
import { Rig, RigDisks, VOLUME_BYTES } from "./journal-rig.node.ts";

/** A volume whose base is an image. */
export async function started(spareLogBytes = 0): Promise<Rig> {
  const rig = await Rig.start(RigDisks.fresh(spareLogBytes));
  await rig.whole();
  return rig;
}

/** A host's write of whole sectors. */
export function write(rig: Rig, fill: number, offsetBytes = 0, sectors = 4): Promise<void> {
  const data = new Uint8Array(sectors * SECTOR_BYTES).fill(fill);
  return rig.volume.update({ kind: "write", offsetBytes, data, fua: false });
}

/** So much time passes, in steps of 100 ms. */
export async function pass(rig: Rig, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await rig.runtime.clock.pass(100 * NS_PER_MS);
    await drained();
  }
}

/** The newest moment is what is in the volume, and the base is one that moments are read from. */
export async function expectSound(rig: Rig): Promise<void> {
  const { newestLsn } = rig.journal.moments.window;
  expect(await rig.at(newestLsn)).toEqual(await rig.volume.read(0, VOLUME_BYTES));
  expect(rig.runtime.escaped).toEqual([]);
}
