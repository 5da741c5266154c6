import fc from "fast-check";
import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { Site } from "../testing/site.node.ts";

const TRACK_BYTES = 1024;
const SECTORS = 32;
const SIZE_BYTES = SECTORS * SECTOR_BYTES;
const VOLUMES = ["one", "two"] as const;

interface Change {
  readonly volume: (typeof VOLUMES)[number];
  readonly sector: number;
  readonly sectors: number;
  readonly kind: "write" | "fua" | "trim" | "flush";
}

const change: fc.Arbitrary<Change> = fc.record({
  volume: fc.constantFrom(...VOLUMES),
  sector: fc.nat({ max: SECTORS - 1 }),
  sectors: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom("write", "write", "write", "fua", "trim", "flush"),
});

/** Two pairs on one link, DUPLEX. */
async function opened(mode: "sync" | "async"): Promise<Site> {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: VOLUMES, b: VOLUMES },
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  for (const volume of VOLUMES)
    await site.run(system.execute({ kind: "create", pair: volume, volume, link: "link", peerVolume: volume, mode }));
  await site.until(() => VOLUMES.every((pair) => site.at("b").system.pair(pair)?.entry.status === "DUPLEX"));
  return site;
}

function issue(site: Site, { volume, sector, sectors, kind }: Change, stamp: number): Promise<void> {
  const device = site.at("a").system.device(volume);
  const offsetBytes = sector * SECTOR_BYTES;
  const lengthBytes = Math.min(sectors, SECTORS - sector) * SECTOR_BYTES;
  if (kind === "flush") return device.flush();
  if (kind === "trim") return device.trim(offsetBytes, lengthBytes);
  return device.write(offsetBytes, new Uint8Array(lengthBytes).fill(1 + (stamp % 255)), { fua: kind === "fua" });
}

test.each(["sync", "async"] as const)(
  "%s: what many hosts change at once over two pairs of a link is at the other end, each in its volume",
  async (mode) => {
    await checkAsyncLaw(
      fc.asyncProperty(fc.array(change, { minLength: 20, maxLength: 80, size: "max" }), async (changes) => {
        const site = await opened(mode);
        await site.run(Promise.all(changes.map((one, index) => issue(site, one, index))));
        const { system } = site.at("a");
        await site.until(() => VOLUMES.every((pair) => system.pair(pair)?.pending.count === 0));
        for (const volume of VOLUMES) {
          expect(site.disk("b", volume).durable, volume).toEqual(site.disk("a", volume).durable);
          expect(system.pair(volume)?.entry.status).toBe("DUPLEX");
        }
        expect(site.at("a").runtime.steps).not.toContain("pair.suspended");
      }),
      15,
    );
  },
);
