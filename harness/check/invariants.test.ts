import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { failed, failureOf, onePair, Stage, sectors } from "./stage.fixture.ts";

const both = ["a/pvol", "b/svol"];

test("a quiet mirror passes, and what could not be judged is not called a pass", () => {
  const stage = new Stage(onePair("sync"));
  stage.write(both, 0, sectors(1, 4));
  stage.read("a/pvol", 0, sectors(1, 4));
  stage.checker.quiet();
  const result = stage.checker.finish();
  expect(result.failures).toEqual([]);
  expect(result.invariants).toMatchObject({ A: "PASS", C: "PASS", F: "PASS", V: "PASS" });
  expect(result.invariants).toMatchObject({
    X: "NOT_APPLICABLE",
    G: "NOT_APPLICABLE",
    U: "NOT_APPLICABLE",
    L: "NOT_APPLICABLE",
  });
});

test("C: a byte that differs at rest is found though no disk told of it", () => {
  const stage = new Stage(onePair("sync"));
  stage.write(both, 31, sectors(1));
  (stage.disks.get("b/svol") as Uint8Array)[32 * SECTOR_BYTES - 1] = 0xff;
  stage.checker.quiet();
  const result = stage.checker.finish();
  expect(failed(result)).toEqual(["C"]);
  expect(failureOf(result, "C").blame[0]).toMatchObject({
    found: "bytes that no host wrote",
    cause: expect.stringContaining("write at"),
  });
  expect(failureOf(result, "C").blame).toMatchObject([
    { volume: "b/svol", offsetBytes: 31 * SECTOR_BYTES, lengthBytes: SECTOR_BYTES },
  ]);
});

test("C is not judged while a side is not DUPLEX", () => {
  const stage = new Stage(onePair("async"));
  stage.report("b", "pair", { status: "SPLIT", suspension: "link" });
  stage.pending.get("a pair")?.add(0);
  stage.write(["a/pvol"], 0, sectors(1));
  stage.checker.quiet();
  expect(stage.checker.finish().invariants.C).toBe("NOT_APPLICABLE");
});

test("C is not judged of a pair that says that tracks are on their way", () => {
  for (const pendingTracks of [0, 1]) {
    const stage = new Stage(onePair("async"));
    stage.report("a", "pair", { pendingTracks });
    stage.pending.get("a pair")?.add(0);
    stage.write(["a/pvol"], 0, sectors(1));
    stage.checker.quiet();
    expect(stage.checker.finish().invariants.C).toBe(pendingTracks === 0 ? "FAIL" : "NOT_APPLICABLE");
  }
});

test("D: a differing track that nobody knows is named with the write that made it", () => {
  const stage = new Stage(onePair("async"));
  stage.pending.get("a pair")?.add(0);
  stage.write(["a/pvol"], 0, sectors(1, 2));
  stage.checker.checkpoint();
  expect(failed(stage.checker.finish())).toEqual([]);
  stage.pending.get("a pair")?.delete(0);
  stage.checker.checkpoint();
  const failure = failureOf(stage.checker.finish(), "D");
  expect(failure.blame).toMatchObject([
    { volume: "b/svol", offsetBytes: 0, lengthBytes: 2 * SECTOR_BYTES, found: "initial zeros" },
  ]);
  expect(failure.blame[0]?.expected).toContain("write #0 by h1");
});

test("D waits for the side that is down, then judges by what it remembers", () => {
  for (const remembers of [true, false]) {
    const stage = new Stage(onePair("async"));
    stage.pending.get("a pair")?.add(0);
    stage.write(["a/pvol"], 0, sectors(1));
    stage.checker.systemDown("a", "kill");
    stage.down.add("a");
    stage.checker.checkpoint();
    if (!remembers) stage.pending.get("a pair")?.clear();
    stage.down.delete("a");
    stage.checker.systemUp("a");
    expect(failed(stage.checker.finish())).toEqual(remembers ? [] : ["D"]);
  }
});

test("A: an acknowledged write that is not on the volume", () => {
  const stage = new Stage(onePair("async"));
  stage.report("a", "pair", { status: "SPLIT" });
  stage.checker.acknowledged(stage.issue("a/pvol", 3, sectors(1)));
  const failure = failureOf(stage.checker.finish(), "A");
  expect(failure.message).toContain("a/pvol");
  expect(failure.blame).toMatchObject([{ volume: "a/pvol", offsetBytes: 3 * SECTOR_BYTES, found: "initial zeros" }]);
});

test("A: a synchronous pair that is DUPLEX acknowledges for both volumes, a suspended one does not", () => {
  for (const status of ["DUPLEX", "SPLIT"] as const) {
    const stage = new Stage(onePair("sync"));
    stage.report("a", "pair", { status });
    stage.pending.get("a pair")?.add(0);
    stage.write(["a/pvol"], 0, sectors(1));
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(status === "DUPLEX" ? ["A"] : []);
    if (status === "DUPLEX") expect(failureOf(result, "A").blame[0]?.volume).toBe("b/svol");
  }
});

test("A: a power loss may take what was not flushed, and nothing that was", () => {
  for (const flushed of [false, true]) {
    const stage = new Stage(onePair("async"));
    stage.pending.get("a pair")?.add(0);
    stage.write(["a/pvol"], 0, sectors(1));
    if (flushed) stage.flush("a/pvol");
    stage.checker.systemDown("a", "power");
    stage.put("a/pvol", 0, sectors(0).fill(0), "power-loss");
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(flushed ? ["A"] : []);
    if (flushed) expect(failureOf(result, "A").blame[0]?.cause).toContain("a lost power");
  }
});

test("A: a power loss before the acknowledgement excuses what it took, and not what came back and was flushed", () => {
  for (const sentAgain of [false, true]) {
    const stage = new Stage(onePair("sync"));
    stage.pending.get("a pair")?.add(0);
    const operation = stage.issue("a/pvol", 0, sectors(1));
    stage.put("a/pvol", 0, sectors(1));
    stage.put("b/svol", 0, sectors(1));
    stage.checker.systemDown("b", "power");
    stage.put("b/svol", 0, new Uint8Array(SECTOR_BYTES), "power-loss");
    if (sentAgain) stage.put("b/svol", 0, sectors(1));
    stage.checker.acknowledged(operation);
    stage.flush("a/pvol");
    stage.checker.systemDown("b", "power");
    if (sentAgain) stage.put("b/svol", 0, new Uint8Array(SECTOR_BYTES), "power-loss");
    expect(failed(stage.checker.finish())).toEqual(sentAgain ? ["A"] : []);
  }
});

test("A: FUA is durable by itself, a flush asked for earlier covers nothing later", () => {
  const stage = new Stage(onePair("async"));
  stage.pending.get("a pair")?.add(0);
  const flush = stage.checker.flush({ host: "h1", volume: "a/pvol" });
  stage.write(["a/pvol"], 0, sectors(1));
  stage.checker.acknowledged(flush);
  const fua = stage.issue("a/pvol", 1, sectors(2), true);
  stage.put("a/pvol", 1, sectors(2));
  stage.checker.acknowledged(fua);
  stage.checker.systemDown("a", "power");
  stage.put("a/pvol", 0, new Uint8Array(SECTOR_BYTES), "power-loss");
  expect(failed(stage.checker.finish())).toEqual([]);
  stage.put("a/pvol", 1, new Uint8Array(SECTOR_BYTES), "power-loss");
  expect(failed(stage.checker.finish())).toEqual(["A"]);
});

test("A: a read gives the last acknowledged write or one that is under way", () => {
  const stage = new Stage(onePair("sync"));
  stage.write(both, 0, sectors(1));
  stage.write(both, 0, sectors(2));
  stage.issue("a/pvol", 0, sectors(3));
  stage.pending.get("a pair")?.add(0);
  stage.read("a/pvol", 0, sectors(2));
  stage.read("a/pvol", 0, sectors(3));
  expect(failed(stage.checker.finish())).toEqual([]);
  stage.read("a/pvol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toEqual(["A"]);
});

test("F: a late resync block over a newer write, on the secondary", () => {
  const stage = new Stage(onePair("async"));
  for (const track of [0, 1]) stage.pending.get("a pair")?.add(track);
  stage.write(both, 0, sectors(1));
  stage.write(both, 0, sectors(2));
  stage.put("b/svol", 0, sectors(1));
  const failure = failureOf(stage.checker.finish(), "F");
  expect(failure.blame).toMatchObject([{ volume: "b/svol", offsetBytes: 0 }]);
  expect(failure.blame[0]?.found).toContain("write #0");
  expect(failure.blame[0]?.expected).toContain("write #1");
});

test("F: never on the primary, though the secondary still holds it", () => {
  const stage = new Stage(onePair("async"));
  stage.pending.get("a pair")?.add(0);
  stage.write(both, 0, sectors(1));
  stage.write(["a/pvol"], 0, sectors(2));
  stage.put("a/pvol", 0, sectors(1));
  expect(failed(stage.checker.finish())).toContain("F");
});

test("F: a resync may undo what its source never had, even when the source has moved on", () => {
  const stage = new Stage(onePair("async"));
  for (const side of ["a pair", "b pair"]) stage.pending.get(side)?.add(0);
  stage.write(both, 0, sectors(1));
  stage.checker.adminDone(stage.checker.adminIssued("a", { kind: "split", pair: "pair", secondary: "read-write" }));
  stage.write(["b/svol"], 0, sectors(2));
  stage.checker.adminIssued("a", { kind: "resync", pair: "pair" });
  stage.report("b", "pair", { status: "COPY", consistent: false });
  stage.write(["a/pvol"], 0, sectors(3));
  stage.put("b/svol", 0, sectors(1));
  stage.put("b/svol", 0, sectors(3));
  expect(failed(stage.checker.finish())).toEqual([]);
});

test("F: a resync may bring what power left of its source, though a request that is refused would have looked the same", () => {
  const zeros = new Uint8Array(512);
  for (const isLost of [true, false]) {
    const stage = new Stage(onePair("async"));
    for (const side of ["a pair", "b pair"]) stage.pending.get(side)?.add(0);
    stage.write(both, 0, sectors(1));
    const refused = stage.issue("b/svol", 0, zeros);
    if (isLost) stage.put("a/pvol", 0, zeros, "power-loss");
    stage.checker.failed(refused, "REFUSED");
    stage.report("b", "pair", { status: "COPY", consistent: false });
    stage.write(["a/pvol"], 0, sectors(2));
    stage.put("b/svol", 0, zeros);
    stage.put("b/svol", 0, sectors(2));
    expect(failed(stage.checker.finish())).toEqual(isLost ? [] : ["F"]);
  }
});

test("F: two writes under way at once may land in either order", () => {
  const stage = new Stage(onePair("async"));
  stage.pending.get("a pair")?.add(0);
  const one = stage.issue("a/pvol", 0, sectors(1));
  const two = stage.issue("a/pvol", 0, sectors(2));
  stage.put("a/pvol", 0, sectors(2));
  stage.put("a/pvol", 0, sectors(1));
  stage.checker.acknowledged(one);
  stage.checker.acknowledged(two);
  expect(failed(stage.checker.finish())).toEqual([]);
});

test("V: a flipped bit and a misdirected sector, with the fault and the write they came from", () => {
  const stage = new Stage(onePair("sync"));
  stage.write(both, 0, sectors(1));
  stage.write(both, 8, sectors(2));
  const flipped = sectors(1);
  flipped[7] = (flipped[7] as number) ^ 1;
  stage.faults.set("a/pvol 0", "bit-flip 1");
  stage.pending.get("a pair")?.add(0).add(5);
  stage.put("a/pvol", 0, flipped, "fault");
  expect(failureOf(stage.checker.finish(), "V").blame).toMatchObject([
    { volume: "a/pvol", offsetBytes: 0, found: "bytes that no host wrote" },
  ]);
  expect(failureOf(stage.checker.finish(), "V").blame[0]?.cause).toContain("bit-flip 1");

  const other = new Stage(onePair("sync"));
  other.write(both, 8, sectors(2));
  other.pending.get("a pair")?.add(5);
  other.put("b/svol", 20, sectors(2), "fault");
  expect(failureOf(other.checker.finish(), "V").blame[0]?.found).toContain(`belongs at byte ${8 * SECTOR_BYTES}`);
});

test("U: what a read showed absent does not come back", () => {
  for (const shown of [false, true]) {
    const stage = new Stage(onePair("sync"));
    stage.pending.get("a pair")?.add(0);
    stage.write(both, 0, sectors(1));
    const operation = stage.issue("a/pvol", 0, sectors(2));
    stage.checker.systemDown("a", "kill");
    stage.checker.failed(operation, "GONE");
    stage.checker.systemUp("a");
    if (shown) stage.read("a/pvol", 0, sectors(1));
    stage.put("a/pvol", 0, sectors(2));
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(shown ? ["U"] : []);
    if (shown) expect(failureOf(result, "U").blame).toMatchObject([{ volume: "a/pvol", offsetBytes: 0 }]);
  }
});

test("U: a write cut off leaves each sector old or new", () => {
  for (const spoiled of [false, true]) {
    const stage = new Stage(onePair("sync"));
    stage.pending.get("a pair")?.add(0);
    const operation = stage.issue("a/pvol", 0, sectors(1, 3));
    stage.put("a/pvol", 0, spoiled ? sectors(7) : sectors(1, 3).subarray(0, SECTOR_BYTES));
    stage.checker.systemDown("a", "kill");
    stage.checker.failed(operation, "GONE");
    stage.checker.systemUp("a");
    const result = stage.checker.finish();
    expect(failed(result)).toEqual(spoiled ? ["V", "U"] : []);
    expect(result.checks.U).toBe(1);
  }
});

test("U: a refused write is nowhere", () => {
  const stage = new Stage(onePair("sync"));
  const operation = stage.issue("a/pvol", 0, sectors(1));
  stage.pending.get("a pair")?.add(0);
  stage.put("a/pvol", 0, sectors(1));
  stage.checker.failed(operation, "REFUSED");
  expect(failed(stage.checker.finish())).toEqual(["U"]);
});

test("L: what did not come to rest is named", () => {
  const stage = new Stage(onePair("sync"));
  stage.checker.live(false, "pair is COPY on b");
  expect(failureOf(stage.checker.finish(), "L").message).toContain("pair is COPY on b");
});

test("blame joins neighbours of one write, keeps writes apart, and stops at 16 blocks", () => {
  const stage = new Stage(onePair("async"), 128);
  for (let track = 0; track < 32; track++) stage.pending.get("a pair")?.add(track);
  stage.write(["a/pvol"], 0, sectors(1, 3));
  stage.write(["a/pvol"], 3, sectors(2));
  expect(stage.checker.blame("pair")).toMatchObject([
    { offsetBytes: 0, lengthBytes: 3 * SECTOR_BYTES },
    { offsetBytes: 3 * SECTOR_BYTES, lengthBytes: SECTOR_BYTES },
  ]);
  for (let index = 0; index < 20; index++) stage.write(["a/pvol"], 10 + 2 * index, sectors(3 + index));
  expect(stage.checker.blame("pair")).toHaveLength(16);
});

test("C: a difference is blamed on the disk fault of whichever side has one", () => {
  const stage = new Stage(onePair("sync"));
  stage.write(both, 4, sectors(1));
  (stage.disks.get("a/pvol") as Uint8Array)[5 * SECTOR_BYTES - 1] = 0xff;
  stage.faults.set("a/pvol 4", "bit-flip");
  stage.checker.quiet();
  const { blame } = failureOf(stage.checker.finish(), "C");
  expect(blame[0]?.cause).toContain("disk fault bit-flip on a/pvol");
});
