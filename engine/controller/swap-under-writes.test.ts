import { expect, test } from "vitest";
import { twoSystems } from "../testing/two-systems.node.ts";

const TRACK_BYTES = 8192;
const SECTOR = new Uint8Array(512).fill(3);

test("roles are swapped while writes wait for each other; later ones wait for the swap and are refused", async () => {
  const { a, b, run, until } = await twoSystems(20 * TRACK_BYTES, TRACK_BYTES);
  const definition = { pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;
  await run(a.system.execute({ kind: "create", ...definition }));
  await until(() => [a, b].every(({ system }) => system.pair("p")?.entry.status === "DUPLEX"));
  const host = a.system.device("pvol");
  const before = Promise.all([host.write(0, SECTOR), host.write(0, SECTOR), host.write(0, SECTOR)]);
  const swap = a.system.execute({ kind: "failback", pair: "p" });
  const later = host.write(0, SECTOR).catch((error: unknown) => error);
  await run(swap);
  await run(before);
  expect(await run(later)).toMatchObject({ code: "NO_ACCESS" });
  await run(b.system.device("svol").write(0, SECTOR));
  expect([a.system.pair("p")?.entry.role, b.system.pair("p")?.entry.role]).toEqual(["secondary", "primary"]);
});
