import { expect, test } from "vitest";
import { Site } from "../testing/site.node.ts";

const TRACK_BYTES = 8192;
const SIZE_BYTES = 16 * TRACK_BYTES;

test("only a mirror that an operator has split is restored from; otherwise nothing changes", async () => {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["vol", "mirror"] },
  });
  const { system } = site.at("a");
  const device = system.device("vol");
  await site.run(system.execute({ kind: "create-local", pair: "l", volume: "vol", mirrorVolume: "mirror" }));
  await site.until(() => system.localPair("l")?.entry.status === "DUPLEX");
  await site.run(device.write(0, new Uint8Array(512).fill(1)));
  const restore = { kind: "restore", pair: "l", scope: "all" } as const;
  await expect(site.run(system.execute(restore))).rejects.toMatchObject({ code: "ILLEGAL_TRANSITION" });
  expect((await site.run(device.read(0, 512)))[0]).toBe(1);
  await site.run(system.execute({ kind: "split", pair: "l", secondary: "read-only" }));
  await site.run(device.write(0, new Uint8Array(512).fill(2)));
  await site.run(system.execute(restore));
  await site.until(() => system.restores().length === 0);
  expect((await site.run(device.read(0, 512)))[0]).toBe(1);
});
