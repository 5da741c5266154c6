import { expect, test } from "vitest";
import { DiskError, NS_PER_MS } from "../ports/index.ts";
import { Bench, FAILS, filling, SIZE_BYTES, TRACK_BYTES, TRACKS } from "./local-bench.node.ts";

test("what the volume's disk refused the mirror may have: it is suspended, and copied again", async () => {
  const bench = await Bench.open();
  bench.disk("v").decide = () => ({ fails: (sector) => sector === 0 });
  await expect(bench.write(3, 7)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect([bench.state, bench.pair.pending.dirty.has(3)]).toEqual(["SPLIT error", true]);
  bench.mend();
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
});

test("of a mirror that is split, what the volume's disk refused is pending", async () => {
  const bench = await Bench.open("SPLIT");
  bench.disk("v").decide = () => ({ fails: (sector) => sector === 0 });
  await expect(bench.write(3, 7)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect([bench.state, [...bench.pair.pending.dirty.indices()]]).toEqual(["SPLIT operator", [3]]);
  bench.mend();
  await bench.command({ kind: "resync", pair: "l" });
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
});

test("a mirror that its disk has suspended is tried again after a start, too", async () => {
  const bench = await Bench.open();
  bench.disk("m").decide = () => FAILS;
  await bench.write(3, 7);
  await bench.site.until(() => bench.state === "SPLIT error");
  await bench.site.run(bench.site.at("s").system.device("v").flush());
  await bench.site.crash("s");
  expect(bench.state).toBe("SPLIT error");
  await bench.duplex();
  expect(bench.disk("m").visible[3 * TRACK_BYTES]).toBe(7);
  expect(bench.isEqual).toBe(true);
});

test("while the metadata disk refuses, a suspended mirror stays so; it is tried until it is in sync", async () => {
  const bench = await Bench.open();
  bench.disk("m").decide = () => FAILS;
  await bench.write(3, 7);
  await bench.site.pass(100 * NS_PER_MS);
  bench.mend();
  bench.failMarks("volume");
  await bench.site.run(bench.site.sleep(3_500 * NS_PER_MS));
  expect([bench.state, bench.steps.includes("local.resync.begin")]).toEqual(["SPLIT error", true]);
  await expect(bench.command({ kind: "resync", pair: "l" })).rejects.toMatchObject({
    code: "DISK_FAILED",
    context: { volume: "meta" },
  });
  expect(bench.state).toBe("SPLIT error");
  bench.mend();
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
});

test("a mirror that an operator is resynchronising when it would be tried again is left to him", async () => {
  const bench = await Bench.open();
  bench.disk("m").decide = () => FAILS;
  await bench.write(3, 7);
  bench.mend();
  const before = bench.steps.filter((step) => step === "local.resync.begin").length;
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.site.at("s").meta.decide = () => opened.then(() => "done");
  const resync = bench.site.at("s").system.execute({ kind: "resync", pair: "l" });
  await bench.site.run(bench.site.sleep(2_500 * NS_PER_MS));
  expect([bench.state, bench.pair.busy]).toEqual(["SPLIT error", "resync"]);
  open();
  await bench.site.run(resync);
  await bench.duplex();
  await bench.site.run(bench.site.sleep(2_500 * NS_PER_MS));
  expect(bench.isEqual).toBe(true);
  expect(bench.steps.filter((step) => step === "local.resync.begin").length - before).toBe(1);
});

test.each([1, 2])(
  "a mirror whose bitmap %i the metadata disk refuses is not made; it can be made when that is mended",
  async (nth) => {
    const bench = await Bench.open("none");
    const { meta } = bench.site.at("s");
    let writes = 0;
    meta.decide = () => (++writes === nth ? FAILS : "done");
    const create = { kind: "create-local", pair: "l", volume: "v", mirrorVolume: "m" } as const;
    await expect(bench.command(create)).rejects.toMatchObject({ code: "DISK_FAILED", context: { volume: "meta" } });
    expect(bench.site.at("s").system.localPair("l")).toBe(undefined);
    await bench.command(create);
    await bench.duplex();
    expect(bench.isEqual).toBe(true);
  },
);

test("marks of the mirror's side that could not be cleared do no harm, also after a crash", async () => {
  const bench = await Bench.open("SPLIT");
  await bench.write(4, 8, "m");
  await bench.write(5, 9);
  bench.failMarks("mirror");
  await bench.command({ kind: "resync", pair: "l" });
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
  await bench.site.run(bench.site.at("s").system.device("v").flush());
  await bench.site.crash("s");
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
  expect([bench.disk("m").visible[4 * TRACK_BYTES], bench.disk("m").visible[5 * TRACK_BYTES]]).toEqual([104, 9]);
});

test("a mirror that is made while the volume is being restored gets what is restored", async () => {
  const bench = await Bench.open("SPLIT");
  for (let track = 0; track < TRACKS; track++) await bench.write(track, 7);
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.disk("m").beforeRead = () => opened;
  await bench.command({ kind: "restore", pair: "l", scope: "all" });
  const copied = bench.command({ kind: "create-local", pair: "k", volume: "v", mirrorVolume: "n" });
  await bench.site.pass(300 * NS_PER_MS);
  open();
  await copied;
  await bench.duplex("k");
  await bench.site.until(() => bench.site.at("s").system.restores().length === 0);
  expect(bench.isEqual).toBe(true);
  expect(bench.disk("n").visible).toEqual(bench.disk("m").visible);
  expect(bench.disk("n").visible[0]).toBe(100);
});

test("while the mirror cannot be read a restore waits, and is complete in the end", async () => {
  const bench = await Bench.open("SPLIT");
  const content = bench.disk("v").visible.slice();
  for (const track of [2, 9]) await bench.write(track, 7);
  let refusals = 3;
  bench.disk("m").beforeRead = async (offsetBytes, lengthBytes) => {
    if (refusals-- > 0) throw new DiskError("EIO", offsetBytes, lengthBytes);
  };
  await bench.command({ kind: "restore", pair: "l", scope: "changed" });
  await bench.site.until(() => bench.site.at("s").system.restores().length === 0);
  expect(bench.steps.filter((step) => step === "restore.failed")).toHaveLength(3);
  expect(bench.disk("v").visible).toEqual(content);
});

test("a restore of which nobody knows what is left is no start: either guess would lose data", async () => {
  const bench = await Bench.open("SPLIT");
  await bench.write(2, 7);
  bench.disk("m").beforeRead = () => new Promise(() => {});
  await bench.command({ kind: "restore", pair: "l", scope: "changed" });
  bench.site.at("s").meta.durable.fill(0x55, bench.pair.entry.restoreBitmapOffsetBytes).fill(0, SIZE_BYTES);
  await expect(bench.site.crash("s")).rejects.toMatchObject({ code: "META_CORRUPT" });
});

/** The copy of track 5 has come to `reaches`; what it waits for there is opened by `open`. */
async function copying(bench: Bench, reaches: "lock" | "read" | "write") {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let arrived = false;
  const at5 = (offsetBytes: number): boolean => {
    arrived ||= offsetBytes === 5 * TRACK_BYTES;
    return offsetBytes === 5 * TRACK_BYTES;
  };
  const v = bench.disk("v");
  if (reaches === "read") v.beforeRead = (offsetBytes) => (at5(offsetBytes) ? opened : undefined);
  else if (reaches === "lock") v.decide = ({ offsetBytes }) => (at5(offsetBytes) ? opened.then(() => "done") : "done");
  bench.disk("m").decide = ({ offsetBytes }) => {
    if (offsetBytes === 10 * TRACK_BYTES) return FAILS;
    return reaches === "write" && at5(offsetBytes) ? opened.then(() => FAILS) : "done";
  };
  const written = reaches === "lock" ? bench.begin(5, 50) : bench.write(5, 50);
  if (reaches !== "lock") await written;
  await bench.command({ kind: "resync", pair: "l" });
  await bench.site.until(() => arrived);
  return { open, written };
}

test.each(["lock", "read", "write"] as const)(
  "a copy that waits for its %s when the mirror is suspended changes the mirror no more, and fails nothing anew",
  async (reaches) => {
    const bench = await Bench.open("SPLIT");
    const { open, written } = await copying(bench, reaches);
    await bench.write(10, 60);
    expect(bench.state).toBe("SPLIT error");
    const { writes } = bench.disk("m");
    open();
    await bench.site.run(written);
    await bench.site.pass(300 * NS_PER_MS);
    expect(bench.disk("m").writes).toBe(writes);
    expect(bench.steps.filter((step) => step === "local.suspended")).toHaveLength(1);
    bench.mend();
    await bench.duplex();
    expect(bench.isEqual).toBe(true);
  },
);

test.each(["marks", "flush"] as const)(
  "a split of a mirror in COPY that its %s refuse is none: the copy goes on to the end",
  async (what) => {
    const bench = await Bench.open("none");
    const open = await filling(bench);
    if (what === "marks") bench.failMarks("mirror");
    else bench.disk("v").decideFlush = () => "fails";
    const split = bench.site.at("s").system.execute({ kind: "split", pair: "l", secondary: "read-only" });
    open();
    await expect(bench.site.run(split)).rejects.toMatchObject({ code: "DISK_FAILED" });
    await bench.write(6, 77);
    bench.mend();
    await bench.duplex();
    expect([bench.pair.completion, bench.pair.entry.splitCount]).toEqual([undefined, 0]);
    expect(bench.isEqual).toBe(true);
  },
);

/** The mirror is split while it lacks the tracks from 32 on, and these cannot be read yet. */
async function completing() {
  const bench = await Bench.open("none");
  const content = bench.disk("v").visible.slice();
  const openCopy = await filling(bench);
  const split = bench.site.at("s").system.execute({ kind: "split", pair: "l", secondary: "read-only" });
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.disk("v").beforeRead = () => opened;
  openCopy();
  await bench.site.run(split);
  expect([bench.state, bench.pair.entry.task]).toEqual(["SPLIT operator", "completing"]);
  return { bench, content, open };
}

test("a mirror that is being completed is read as of the split: what it lacks is brought for the reader", async () => {
  const { bench, content, open } = await completing();
  const device = bench.site.at("s").system.device("m");
  const written = bench.begin(60, 7);
  const read = device.read(0, SIZE_BYTES);
  const inSync = bench.site.run(device.read(0, TRACK_BYTES));
  expect(await inSync).toEqual(content.subarray(0, TRACK_BYTES));
  open();
  expect(await bench.site.run(read)).toEqual(content);
  await bench.site.run(written);
  await bench.site.until(() => bench.pair.entry.task === "");
  expect(bench.disk("m").visible).toEqual(content);
});

test("a moment that is lost while it is being read is refused, not made up", async () => {
  const { bench, open } = await completing();
  const read = bench.site
    .at("s")
    .system.device("m")
    .read(40 * TRACK_BYTES, TRACK_BYTES);
  bench.disk("m").decide = () => FAILS;
  open();
  await expect(bench.site.run(read)).rejects.toMatchObject({ code: "NO_ACCESS" });
  expect(bench.state).toBe("SPLIT error");
  bench.mend();
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
});

test("a split that is not complete, and of which nobody knows what is left, is no backup", async () => {
  const { bench } = await completing();
  bench.site
    .at("s")
    .meta.durable.fill(0x55, bench.pair.entry.mirrorBitmapOffsetBytes, bench.pair.entry.restoreBitmapOffsetBytes);
  await bench.site.crash("s");
  expect([bench.state, bench.pair.entry.task, bench.pair.mirrorConsistent]).toEqual(["SPLIT error", "", false]);
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
});

test("a backup of nothing does nothing", async () => {
  const bench = await Bench.open();
  const { writes } = bench.site.at("s").meta;
  await bench.command({ kind: "backup", pairs: [], mirrors: [] });
  expect([bench.state, bench.site.at("s").meta.writes]).toEqual(["DUPLEX", writes]);
});

test("tracks that reach the mirror when its copy has been ended stay pending", async () => {
  const bench = await Bench.open("SPLIT");
  await bench.write(3, 7);
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.disk("m").decide = ({ offsetBytes }) => (offsetBytes === 3 * TRACK_BYTES ? opened.then(() => "done") : "done");
  await bench.command({ kind: "resync", pair: "l" });
  // Another track's write fails: the mirror is suspended while the copy of the first is on its way.
  bench.disk("v").decide = () => FAILS;
  await expect(bench.write(5, 9)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect(bench.state).toBe("SPLIT error");
  open();
  await bench.site.pass(NS_PER_MS);
  expect([...bench.pair.pending.dirty.indices()]).toEqual([3, 5]);
  bench.mend();
  await bench.duplex();
  expect(bench.isEqual).toBe(true);
});

test("what is told of the tracks in which volume and mirror may differ agrees, also while a restore runs", async () => {
  const bench = await Bench.open("SPLIT");
  const told = (from: number): readonly number[] => [...bench.pair.differing(from)];
  const agree = (): void => {
    for (let track = 0; track < TRACKS; track++) expect(told(track).includes(track)).toBe(bench.pair.mayDiffer(track));
  };
  await bench.write(3, 7);
  await bench.write(5, 7, "m");
  expect([told(0), told(4)]).toEqual([[3, 5], [5]]);
  agree();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.disk("m").beforeRead = () => opened;
  await bench.command({ kind: "restore", pair: "l", scope: "all" });
  expect(told(60)).toHaveLength(TRACKS - 60);
  agree();
  open();
});
