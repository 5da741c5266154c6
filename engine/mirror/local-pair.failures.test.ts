import { expect, test } from "vitest";
import type { Command } from "../controller/command.ts";
import { DiskError, NS_PER_MS } from "../ports/index.ts";
import type { WriteFate } from "../testing/fake-disk.ts";
import { Site } from "../testing/site.node.ts";
import type { LocalPair } from "./local-pair.ts";

const TRACK_BYTES = 2048;
/** More than one step of a copy moves. */
const TRACKS = 70;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const FAILS: WriteFate = { fails: () => false };

/** One system: a volume, and two that may mirror it. */
class Bench {
  readonly site: Site;

  private constructor(site: Site) {
    this.site = site;
  }

  /** The volume is full of data, the mirror as `status` says. */
  static async open(status: "DUPLEX" | "SPLIT" | "none" = "DUPLEX"): Promise<Bench> {
    const systems = { s: ["v", "m", "n"] };
    const bench = new Bench(await Site.open({ sizeBytes: SIZE_BYTES, trackBytes: TRACK_BYTES, systems }));
    const content = new Uint8Array(SIZE_BYTES);
    for (let track = 0; track < TRACKS; track++)
      content.fill(100 + track, track * TRACK_BYTES, (track + 1) * TRACK_BYTES);
    await bench.site.run(bench.site.at("s").system.device("v").write(0, content));
    if (status === "none") return bench;
    await bench.command({ kind: "create-local", pair: "l", volume: "v", mirrorVolume: "m" });
    await bench.duplex();
    if (status === "SPLIT") await bench.command({ kind: "split", pair: "l", secondary: "read-write" });
    return bench;
  }

  get pair(): LocalPair {
    return this.site.at("s").system.localPair("l") as LocalPair;
  }

  get state(): string {
    const { status, suspension } = this.pair.entry;
    return `${status} ${suspension}`.trimEnd();
  }

  get steps(): readonly string[] {
    return this.site.at("s").runtime.steps;
  }

  disk(name: "v" | "m" | "n") {
    return this.site.disk("s", name);
  }

  command(command: Command): Promise<void> {
    return this.site.run(this.site.at("s").system.execute(command));
  }

  write(track: number, value: number, volume = "v"): Promise<void> {
    const data = new Uint8Array(TRACK_BYTES).fill(value);
    return this.site.run(
      this.site
        .at("s")
        .system.device(volume)
        .write(track * TRACK_BYTES, data),
    );
  }

  /** Starts to write, and lets no time pass. */
  begin(track: number, value: number): Promise<void> {
    return this.site
      .at("s")
      .system.device("v")
      .write(track * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(value));
  }

  async duplex(name = "l"): Promise<void> {
    const pair = (): LocalPair => this.site.at("s").system.localPair(name) as LocalPair;
    await this.site.until(() => pair().entry.status === "DUPLEX" && pair().pending.count === 0);
  }

  equal(): void {
    expect(this.disk("m").visible).toEqual(this.disk("v").visible);
  }

  /** Writes of the metadata disk that touch this bitmap fail, until mended. */
  failMarks(which: "mirror" | "volume"): void {
    const { bitmapOffsetBytes, mirrorBitmapOffsetBytes, restoreBitmapOffsetBytes } = this.pair.entry;
    const [from, to] =
      which === "mirror"
        ? [mirrorBitmapOffsetBytes, restoreBitmapOffsetBytes]
        : [bitmapOffsetBytes, mirrorBitmapOffsetBytes];
    this.site.at("s").meta.decide = ({ offsetBytes }) => (offsetBytes >= from && offsetBytes < to ? FAILS : "done");
  }

  mend(): void {
    for (const disk of [...this.site.at("s").disks.values(), this.site.at("s").meta]) {
      disk.decide = () => "done";
      disk.decideFlush = () => "done";
      disk.beforeRead = () => undefined;
    }
  }
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

test("what the volume's disk refused the mirror may have: it is suspended, and copied again", async () => {
  const bench = await Bench.open();
  bench.disk("v").decide = () => ({ fails: (sector) => sector === 0 });
  await expect(bench.write(3, 7)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect([bench.state, bench.pair.pending.dirty.has(3)]).toEqual(["SPLIT error", true]);
  bench.mend();
  await bench.duplex();
  bench.equal();
});

test("of a mirror that is split, what the volume's disk refused is pending", async () => {
  const bench = await Bench.open("SPLIT");
  bench.disk("v").decide = () => ({ fails: (sector) => sector === 0 });
  await expect(bench.write(3, 7)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect([bench.state, [...bench.pair.pending.dirty.indices()]]).toEqual(["SPLIT operator", [3]]);
  bench.mend();
  await bench.command({ kind: "resync", pair: "l" });
  await bench.duplex();
  bench.equal();
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
  bench.equal();
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
  await expect(bench.command({ kind: "resync", pair: "l" })).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect(bench.state).toBe("SPLIT error");
  bench.mend();
  await bench.duplex();
  bench.equal();
});

test("a mirror that an operator is resynchronising when it would be tried again is left to him", async () => {
  const bench = await Bench.open();
  bench.disk("m").decide = () => FAILS;
  await bench.write(3, 7);
  bench.mend();
  const before = bench.steps.filter((step) => step === "local.resync.begin").length;
  const { opened, open } = gate();
  bench.site.at("s").meta.decide = () => opened.then(() => "done");
  const resync = bench.site.at("s").system.execute({ kind: "resync", pair: "l" });
  await bench.site.run(bench.site.sleep(2_500 * NS_PER_MS));
  expect([bench.state, bench.pair.busy]).toEqual(["SPLIT error", "resync"]);
  open();
  await bench.site.run(resync);
  await bench.duplex();
  await bench.site.run(bench.site.sleep(2_500 * NS_PER_MS));
  bench.equal();
  expect(bench.steps.filter((step) => step === "local.resync.begin").length - before).toBe(1);
});

test("marks of the mirror's side that could not be cleared do no harm, also after a crash", async () => {
  const bench = await Bench.open("SPLIT");
  await bench.write(4, 8, "m");
  await bench.write(5, 9);
  bench.failMarks("mirror");
  await bench.command({ kind: "resync", pair: "l" });
  await bench.duplex();
  bench.equal();
  await bench.site.run(bench.site.at("s").system.device("v").flush());
  await bench.site.crash("s");
  await bench.duplex();
  bench.equal();
  expect([bench.disk("m").visible[4 * TRACK_BYTES], bench.disk("m").visible[5 * TRACK_BYTES]]).toEqual([104, 9]);
});

test("a mirror that is made while the volume is being restored gets what is restored", async () => {
  const bench = await Bench.open("SPLIT");
  for (let track = 0; track < TRACKS; track++) await bench.write(track, 7);
  const { opened, open } = gate();
  bench.disk("m").beforeRead = () => opened;
  await bench.command({ kind: "restore", pair: "l", scope: "all" });
  const copied = bench.command({ kind: "create-local", pair: "k", volume: "v", mirrorVolume: "n" });
  await bench.site.pass(300 * NS_PER_MS);
  open();
  await copied;
  await bench.duplex("k");
  await bench.site.until(() => bench.site.at("s").system.restores().length === 0);
  bench.equal();
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
  const { opened, open } = gate();
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
    bench.equal();
  },
);

/** The initial copy to the mirror has begun and is at its first write, or read. */
async function filling(bench: Bench) {
  const { opened, open } = gate();
  bench.disk("m").decide = () => opened.then(() => "done");
  await bench.command({ kind: "create-local", pair: "l", volume: "v", mirrorVolume: "m" });
  await bench.site.until(() => bench.disk("m").writes > 0);
  return open;
}

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
    bench.equal();
  },
);

/** The mirror is split while it lacks the tracks from 32 on, and these cannot be read yet. */
async function completing() {
  const bench = await Bench.open("none");
  const content = bench.disk("v").visible.slice();
  const openCopy = await filling(bench);
  const split = bench.site.at("s").system.execute({ kind: "split", pair: "l", secondary: "read-only" });
  const { opened, open } = gate();
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
  bench.equal();
});

test("a split that is not complete, and of which nobody knows what is left, is no backup", async () => {
  const { bench } = await completing();
  bench.site
    .at("s")
    .meta.durable.fill(0x55, bench.pair.entry.mirrorBitmapOffsetBytes, bench.pair.entry.restoreBitmapOffsetBytes);
  await bench.site.crash("s");
  expect([bench.state, bench.pair.entry.task, bench.pair.mirrorConsistent]).toEqual(["SPLIT error", "", false]);
  await bench.duplex();
  bench.equal();
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
  const { opened, open } = gate();
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
  bench.equal();
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
  const { opened, open } = gate();
  bench.disk("m").beforeRead = () => opened;
  await bench.command({ kind: "restore", pair: "l", scope: "all" });
  expect(told(60)).toHaveLength(TRACKS - 60);
  agree();
  open();
});
