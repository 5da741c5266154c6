import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { twoSystems } from "../testing/two-systems.node.ts";

const TRACK_BYTES = 4096;
const TRACKS = 8;

/** Writes of a track each that are made at once, so that they lie in a row at the other end. */
const bursts = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: TRACKS }), { minLength: 1, maxLength: 4 });

test("a write with force unit access that a synchronous pair acknowledges is durable at both ends, whatever goes beside it", async () => {
  const two = await twoSystems(TRACKS * TRACK_BYTES, TRACK_BYTES);
  const definition = { pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;
  await two.run(two.a.system.execute({ kind: "create", ...definition }));
  await two.until(() => (["a", "b"] as const).every((end) => two[end].system.pair("p")?.entry.status === "DUPLEX"));
  const device = two.a.system.device("pvol");
  let version = 0;
  await checkAsyncLaw(
    fc.asyncProperty(bursts, async (list) => {
      for (const burst of list) {
        version = (version % 250) + 1;
        const data = new Uint8Array(TRACK_BYTES).fill(version);
        await two.run(Promise.all(burst.map((fua, track) => device.write(track * TRACK_BYTES, data, { fua }))));
        const promised = burst.flatMap((fua, track) => (fua ? [track * TRACK_BYTES] : []));
        for (const { disk } of [two.a, two.b])
          expect(promised.map((at) => disk.durable[at])).toEqual(promised.map(() => version));
      }
    }),
  );
});
