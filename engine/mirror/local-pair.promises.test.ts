import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { Site } from "../testing/site.node.ts";
import { Bench, FAILS, filling, SIZE_BYTES, TRACK_BYTES } from "./local-bench.node.ts";

test("what a host has flushed is durable in the mirror, too, when the flush is acknowledged", async () => {
  const bench = await Bench.open();
  const writes = [1, 2, 3].map((track) => bench.begin(track, 50 + track));
  await Promise.all(writes);
  await bench.site.at("s").system.device("v").flush();
  for (const name of ["v", "m"] as const)
    expect([1, 2, 3].map((track) => bench.disk(name).durable[track * TRACK_BYTES])).toEqual([51, 52, 53]);
});

test("a mirror that could not be flushed is suspended, and copied again: nobody knows what it lost", async () => {
  const bench = await Bench.open();
  bench.disk("m").decideFlush = () => "fails";
  await bench.write(3, 7);
  await bench.site.run(bench.site.at("s").system.device("v").flush());
  expect([bench.state, bench.pair.pending.dirty.has(3)]).toEqual(["SPLIT error", true]);
  // It is lost, and the device works again.
  bench.disk("m").visible.fill(0, 3 * TRACK_BYTES, 4 * TRACK_BYTES);
  bench.mend();
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
});

test("of two mirrors that are split as one, one in sync and one not, both become the volume as of the split", async () => {
  const bench = await Bench.open();
  const openCopy = await filling(bench, "k", "n");
  const content = bench.disk("v").visible.slice();
  const split = bench.site.at("s").system.execute({ kind: "backup", pairs: [], mirrors: ["l", "k"] });
  // The rest of the copy takes its time, and hosts write meanwhile.
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.disk("v").beforeRead = () => opened;
  openCopy();
  await bench.site.run(split);
  const written = bench.begin(60, 7);
  await bench.site.pass(NS_PER_MS);
  open();
  await bench.site.run(written);
  await bench.site.until(() => bench.site.at("s").system.localPair("k")?.entry.task === "");
  for (const name of ["m", "n"] as const) expect(bench.disk(name).visible).toEqual(content);
});

test("a mirror with a journal of its own has what is copied in it, zeros as well", async () => {
  const systems = { s: ["v", "m", "log", "base"] };
  const journals = { s: [{ volume: "m", log: "log", base: "base" }] };
  const sizesBytes = { log: 4 * SIZE_BYTES };
  const site = await Site.open({ sizeBytes: SIZE_BYTES, trackBytes: TRACK_BYTES, systems, sizesBytes, journals });
  const { system } = site.at("s");
  const [journal] = system.journals();
  if (journal === undefined) throw new Error("there is a journal");
  await site.until(() => journal.moments.isRecoverable);
  // Something, so that zeros are a change.
  await site.run(system.device("m").write(0, new Uint8Array(SIZE_BYTES).fill(9)));
  await site.run(system.device("v").write(3 * TRACK_BYTES, new Uint8Array(2 * TRACK_BYTES).fill(7)));
  await site.run(system.execute({ kind: "create-local", pair: "l", volume: "v", mirrorVolume: "m" }));
  await site.until(() => system.localPair("l")?.entry.status === "DUPLEX");
  const { newestLsn } = journal.moments.window;
  const expected = site.disk("s", "v").visible;
  expect(await site.run(journal.moments.readAt(newestLsn, 0, SIZE_BYTES))).toEqual(expected);
  expect(site.disk("s", "m").visible).toEqual(expected);
});

test("a split waits for what is on its way to the mirror: behind it the mirror does not change", async () => {
  const bench = await Bench.open();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.disk("m").decide = () => opened.then(() => "done");
  const before = bench.disk("m").writes;
  const written = bench.begin(3, 7);
  await bench.site.until(() => bench.disk("m").writes > before);
  let isSplit = false;
  const split = bench.site
    .at("s")
    .system.execute({ kind: "split", pair: "l", secondary: "read-only" })
    .then(() => {
      isSplit = true;
    });
  await bench.site.pass(1_000 * NS_PER_MS);
  expect(isSplit).toBe(false);
  open();
  await bench.site.run(Promise.all([split, written]));
  expect(bench.disk("m").visible[3 * TRACK_BYTES]).toBe(7);
  expect(bench.isEqual).toBe(true);
});

test("nothing is restored from a mirror that its disk suspended: it is no moment of the volume", async () => {
  const bench = await Bench.open();
  bench.disk("m").decide = () => FAILS;
  await bench.write(3, 7);
  expect(bench.state).toBe("SPLIT error");
  await expect(bench.command({ kind: "restore", pair: "l", scope: "all" })).rejects.toMatchObject({
    code: "ILLEGAL_TRANSITION",
    context: { pair: "l", command: "restore", status: "SPLIT", suspension: "error" },
  });
  expect(bench.disk("v").visible[3 * TRACK_BYTES]).toBe(7);
});
