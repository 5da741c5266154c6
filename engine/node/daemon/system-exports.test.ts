import { expect, test } from "vitest";
import { EngineError } from "../../errors.ts";
import { Site } from "../../testing/site.node.ts";
import { Metrics } from "../control/metrics.ts";
import { errnoOf } from "../nbd/errno-of.ts";
import type { NbdExport } from "../nbd/nbd-export.ts";
import { SystemExports } from "./system-exports.ts";

const TRACK_BYTES = 8192;
const SIZE_BYTES = 16 * TRACK_BYTES;

async function stage() {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "mirror", "area", "log", "base"], b: ["svol"] },
    sizesBytes: { area: 2 * SIZE_BYTES, log: 8 * 1024 * 1024 },
    images: { a: [{ volume: "pvol", method: "old-data", area: "area" }] },
    journals: { a: [{ volume: "mirror", log: "log", base: "base" }] },
    links: { link: ["a", "b"] },
  });
  const failures: unknown[] = [];
  const metrics = new Metrics();
  const watch = { metrics, fail: (error: unknown) => failures.push(error) };
  const exportsOf = (name: string) => new SystemExports(site.at(name).system, watch);
  return { site, failures, metrics, exportsOf };
}

async function paired(mode: "sync" | "async" = "async") {
  const stand = await stage();
  const { site } = stand;
  const { system } = site.at("a");
  await site.run(
    system.execute({ kind: "create", pair: "pair", volume: "pvol", link: "link", peerVolume: "svol", mode }),
  );
  await site.until(() => system.pair("pair")?.entry.status === "DUPLEX");
  return { ...stand, system };
}

const listed = (exports: SystemExports): readonly string[] =>
  [...exports.exports()].map(({ name, readOnly }) => `${name}${readOnly ? " read-only" : ""}`);

function required(found: NbdExport | undefined): NbdExport {
  if (found === undefined) throw new Error("there is no such export");
  return found;
}

/** What a host is told of a request. */
async function outcome(request: Promise<unknown>): Promise<string> {
  return request.then(
    () => "done",
    (error: unknown) => errnoOf(error),
  );
}

test("hosts see volumes of theirs, not what the system keeps images and journals on", async () => {
  const { exportsOf, site } = await stage();
  const exports = exportsOf("a");
  expect(listed(exports)).toEqual(["pvol", "mirror"]);
  expect(exports.find("area")).toBeUndefined();
  expect(exports.find("log")).toBeUndefined();
  expect(exports.find("")).toBeUndefined();
  expect(exports.find("pvol@image")).toBeUndefined();
  expect(exports.find("pvol")).toBe(exports.find("pvol"));
  expect(exportsOf("b").find("")?.name).toBe("svol");
  expect(site.at("a").runtime.escaped).toEqual([]);
});

test("a secondary is read-only until it has taken over, and each request is judged by what holds then", async () => {
  const { site, exportsOf } = await paired();
  const svol = required(exportsOf("b").find("svol"));
  const sector = new Uint8Array(512).fill(3);
  expect(svol.readOnly).toBe(true);
  expect(await site.run(outcome(svol.read(0, 512)))).toBe("done");
  expect(await site.run(outcome(svol.write(0, sector, { fua: true })))).toBe("EPERM");

  site.network.cut();
  const { system } = site.at("b");
  await site.until(() => system.pair("pair")?.entry.status === "SPLIT");
  await site.run(system.execute({ kind: "takeover", pair: "pair" }));
  expect(svol.readOnly).toBe(false);
  expect(await site.run(outcome(svol.write(0, sector, { fua: true })))).toBe("done");
});

test("an image is exported while it is fixed, and a client of an older one never sees another moment", async () => {
  const { site, exportsOf, system, failures } = await paired();
  const exports = exportsOf("a");
  const pvol = required(exports.find("pvol"));
  const write = (value: number) => site.run(pvol.write(0, new Uint8Array(512).fill(value), { fua: false }));
  const split = () => site.run(system.execute({ kind: "split", pair: "pair", secondary: "read-only" }));
  await write(1);
  await split();
  await write(2);
  expect(listed(exports)).toContain("pvol@image read-only");
  const image = required(exports.find("pvol@image"));
  expect(exports.find("pvol@image")).toBe(image);
  expect((await site.run(image.read(0, 512)))[0]).toBe(1);
  expect(await site.run(outcome(image.write(0, new Uint8Array(512), { fua: false })))).toBe("EPERM");

  await site.run(system.execute({ kind: "resync", pair: "pair" }));
  await site.until(() => system.pair("pair")?.entry.status === "DUPLEX");
  expect(await site.run(outcome(image.read(0, 512)))).toBe("EIO");
  await split();
  expect(await site.run(outcome(image.read(0, 512)))).toBe("EIO");
  expect((await site.run(required(exports.find("pvol@image")).read(0, 512)))[0]).toBe(2);
  expect(failures).toEqual([]);
});

test("what the other side lacks is a dirty bitmap by the name of the pair", async () => {
  const { site, exportsOf, system } = await paired();
  await site.run(system.execute({ kind: "split", pair: "pair", secondary: "read-only" }));
  const pvol = required(exportsOf("a").find("pvol"));
  await site.run(pvol.write(5 * TRACK_BYTES, new Uint8Array(TRACK_BYTES + 512), { fua: false }));
  const bitmap = pvol.contexts.find(({ name }) => name === "qemu:dirty-bitmap:pair");
  expect(bitmap?.extents(0, SIZE_BYTES, 10)).toEqual([
    { lengthBytes: 5 * TRACK_BYTES, flags: 0 },
    { lengthBytes: 2 * TRACK_BYTES, flags: 1 },
    { lengthBytes: 9 * TRACK_BYTES, flags: 0 },
  ]);
});

test("a local mirror is a read-only backup once it is split", async () => {
  const { site, exportsOf } = await stage();
  const { system } = site.at("a");
  await site.run(system.execute({ kind: "create-local", pair: "local", volume: "pvol", mirrorVolume: "mirror" }));
  await site.until(() => system.localPair("local")?.entry.status === "DUPLEX");
  const exports = exportsOf("a");
  const pvol = required(exports.find("pvol"));
  await site.run(pvol.write(0, new Uint8Array(512).fill(9), { fua: false }));
  await site.run(system.execute({ kind: "backup", pairs: [], mirrors: ["local"] }));
  await site.run(pvol.write(0, new Uint8Array(512).fill(8), { fua: false }));
  const backup = required(exports.find("mirror"));
  expect(backup.readOnly).toBe(true);
  expect((await site.run(backup.read(0, 512)))[0]).toBe(9);
  expect(await site.run(outcome(backup.write(0, new Uint8Array(512), { fua: false })))).toBe("EPERM");
  expect(backup.contexts.map(({ name }) => name)).toEqual(["qemu:dirty-bitmap:local"]);
});

test("zeros with force unit access are durable, and requests are counted", async () => {
  const { site, exportsOf, metrics } = await stage();
  const pvol = required(exportsOf("a").find("pvol"));
  await site.run(pvol.write(0, new Uint8Array(8192).fill(1), { fua: true }));
  await site.run(pvol.writeZeroes(512, 512, { fua: true, noHole: true }));
  await site.run(pvol.trim(1024, 512, { fua: true }));
  await site.run(pvol.flush());
  const disk = site.disk("a", "pvol").afterCrash(() => false);
  const sectors = await disk.read(0, 2048);
  expect([sectors[0], sectors[512], sectors[1024], sectors[1536]]).toEqual([1, 0, 0, 1]);
  expect(await site.run(outcome(pvol.read(SIZE_BYTES, 512)))).toBe("EINVAL");
  expect((await metrics.text()).split("\n")).toEqual(
    expect.arrayContaining([
      'resilver_host_bytes_total{volume="pvol",operation="write"} 8704',
      'resilver_host_bytes_total{volume="pvol",operation="trim"} 512',
      'resilver_host_requests_total{volume="pvol",operation="flush"} 1',
      'resilver_host_failures_total{volume="pvol",operation="read"} 1',
    ]),
  );
});

test("a bug of ours reaches whoever runs the engine; a refusal does not", async () => {
  const { site, exportsOf, failures } = await stage();
  const pvol = required(exportsOf("a").find("pvol"));
  site.disk("a", "pvol").beforeRead = () => {
    throw new EngineError("BUSY", { volume: "pvol", waiting: 1 });
  };
  expect(await site.run(outcome(pvol.read(0, 512)))).toBe("EIO");
  expect(failures).toEqual([]);
  const bug = new Error("a bug");
  site.disk("a", "pvol").beforeRead = () => {
    throw bug;
  };
  expect(await site.run(outcome(pvol.read(0, 512)))).toBe("EIO");
  expect(failures).toEqual([bug]);
});
