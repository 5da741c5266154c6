import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { JournalStage } from "./journal-stage.fixture.ts";
import { SampledChecker } from "./sampled-checker.ts";
import { failed, failureOf, Stage, sectors } from "./stage.fixture.ts";

test("S: a recovery gives the state after the entry, and no other", () => {
  for (const tag of [1, 2, 3]) {
    const stage = new JournalStage();
    stage.log(0, sectors(1));
    const lsn = stage.log(0, sectors(2));
    stage.log(0, sectors(3));
    stage.recover({ lsn });
    stage.put("a/pvol", 0, sectors(tag));
    stage.restoring("a/pvol", []);
    const result = stage.checker.finish();
    expect(failed(result).includes("S")).toBe(tag !== 2);
    if (tag === 2) expect(result.failures).toEqual([]);
  }
});

test("S: a recovery to a time that was marked", () => {
  for (const tag of [1, 2]) {
    const stage = new JournalStage();
    stage.log(0, sectors(1));
    stage.nowNs += 5000;
    stage.checker.mark("a/pvol", 1234);
    stage.nowNs += 5000;
    stage.log(0, sectors(2));
    stage.recover({ timeUs: 1234 }, [0]);
    if (tag === 1) stage.put("a/pvol", 0, sectors(1));
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish())).toEqual(tag === 1 ? [] : ["S"]);
  }
});

test("S: a time that was marked while the system was down is by its watch: the journal may count later entries before it", () => {
  for (const isDown of [true, false]) {
    const stage = new JournalStage();
    stage.log(0, sectors(1));
    stage.nowNs += 5000;
    if (isDown) {
      stage.checker.systemDown("a", "kill");
      stage.down.add("a");
    }
    stage.checker.mark("a/pvol", 1234);
    if (isDown) {
      stage.down.delete("a");
      stage.checker.systemUp("a");
    }
    stage.nowNs += 5000;
    stage.log(0, sectors(2));
    stage.recover({ timeUs: 1234 }, [0]);
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish())).toEqual(isDown ? [] : ["S"]);
  }
});

test("S: of writes under way at once an entry may be of either", () => {
  for (const lost of [0, 4]) {
    const stage = new JournalStage();
    const operations = [stage.issue("a/pvol", 0, sectors(1)), stage.issue("a/pvol", 4, sectors(2))];
    stage.checker.observe();
    stage.seeEntries(2);
    stage.put("a/pvol", 0, sectors(1));
    stage.put("a/pvol", 4, sectors(2));
    for (const operation of operations) stage.checker.acknowledged(operation);
    stage.recover({ lsn: 1 });
    stage.put("a/pvol", lost, new Uint8Array(SECTOR_BYTES));
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish())).toEqual([]);
  }
});

/** Two volumes whose journals are one group. */
class GroupStage extends Stage {
  constructor() {
    const journals = ["p", "q"].map((name) => ({ volume: `a/${name}`, base: `a/${name}-base` }));
    super([], 32, ["a/p", "a/p-base", "a/q", "a/q-base"], { journals });
    for (const volume of ["p", "q"]) this.entries(volume, 0);
  }

  entries(volume: string, newestLsn: number): void {
    const window = { oldestLsn: 0, newestLsn, oldestTimeUs: 0, nowUs: 0 };
    this.journals.set(`a/${volume}`, { volume, disk: volume, state: "logging", ...window });
    this.checker.observe();
  }

  recoverTo(lsn: number): void {
    const to = { volume: "p", lsn };
    const command = { kind: "recover-group", group: "g", volumes: ["p", "q"], to, method: "apply" } as const;
    const issued = this.checker.adminIssued("a", command);
    for (const volume of ["p", "q"]) this.restoring(`a/${volume}`, [0]);
    this.checker.adminDone(issued);
  }
}

test("S: a group goes back to when an entry was made, which is not when it is seen", () => {
  for (const isUnderWay of [true, false]) {
    const stage = new GroupStage();
    const write = () => stage.issue("a/p", 0, sectors(1));
    const early = isUnderWay ? write() : undefined;
    const other = stage.issue("a/q", 0, sectors(2));
    stage.entries("q", 1);
    stage.put("a/q", 0, sectors(2));
    stage.checker.acknowledged(other);
    const operation = early ?? write();
    stage.entries("p", 1);
    stage.put("a/p", 0, sectors(1));
    stage.checker.acknowledged(operation);
    stage.recoverTo(1);
    // The other write was acknowledged before the entry was seen, but not before the request that it is of.
    stage.put("a/q", 0, new Uint8Array(SECTOR_BYTES));
    for (const volume of ["a/p", "a/q"]) stage.restoring(volume, []);
    expect(failed(stage.checker.finish())).toEqual(isUnderWay ? [] : ["S"]);
  }
});

test("A: what the power took is not what a recovery that was refused would have brought", () => {
  for (const isFlushed of [false, true]) {
    const stage = new JournalStage();
    const lsn = stage.log(0, sectors(1));
    stage.log(0, sectors(2));
    if (isFlushed) stage.flush("a/pvol");
    const command = stage.checker.adminIssued("a", { kind: "recover", volume: "pvol", to: { lsn }, method: "apply" });
    stage.checker.systemDown("a", "power");
    stage.down.add("a");
    stage.put("a/pvol", 0, sectors(1), "power-loss");
    stage.checker.adminRefused(command);
    stage.down.delete("a");
    stage.checker.systemUp("a");
    expect(failed(stage.checker.finish())).toEqual(isFlushed ? ["A"] : []);
  }
});

test("S: a recovery can be recovered from", () => {
  const stage = new JournalStage();
  const first = stage.log(0, sectors(1));
  const second = stage.log(0, sectors(2));
  stage.recover({ lsn: first }, [0]);
  stage.put("a/pvol", 0, sectors(1));
  stage.restoring("a/pvol", []);
  stage.recover({ lsn: second }, [0]);
  stage.put("a/pvol", 0, sectors(2));
  stage.restoring("a/pvol", []);
  expect(stage.checker.finish().failures).toEqual([]);
});

test("S: a restore of what is there already is no entry, and its moment is that of the one before", () => {
  for (const tag of [1, 2]) {
    const stage = new JournalStage();
    stage.log(0, sectors(1));
    const lsn = stage.log(0, sectors(2));
    stage.checker.failed(stage.issue("a/pvol", 0, sectors(3)), "REFUSED");
    const restore = { kind: "recover", volume: "pvol", to: { lsn }, method: "apply" } as const;
    stage.checker.adminDone(stage.checker.adminIssued("a", restore));
    stage.log(0, sectors(4));
    stage.recover({ lsn }, [0]);
    stage.put("a/pvol", 0, sectors(tag));
    stage.restoring("a/pvol", []);
    expect(failed(stage.checker.finish()).includes("S")).toBe(tag === 1);
  }
});

test("S: after a swap the volume is what is on the other disk", () => {
  for (const tag of [1, 2]) {
    const stage = new JournalStage();
    const lsn = stage.log(0, sectors(1));
    stage.log(0, sectors(2));
    // Whatever a base holds, no host wrote it.
    stage.put("a/base", 8, sectors(77));
    stage.put("a/base", 8, new Uint8Array(SECTOR_BYTES));
    stage.put("a/base", 0, sectors(tag));
    const command = stage.checker.adminIssued("a", { kind: "recover", volume: "pvol", to: { lsn }, method: "swap" });
    stage.journal("base");
    stage.checker.observe();
    stage.checker.adminDone(command);
    // The old disk is the base now.
    stage.put("a/pvol", 0, sectors(88));
    const result = stage.checker.finish();
    if (tag === 1) expect(result.failures).toEqual([]);
    else expect(failureOf(result, "S").blame[0]).toMatchObject({ volume: "a/pvol", offsetBytes: 0 });
  }
});

test("V: after a swap the disk of the volume is judged, and the other one not", () => {
  const stage = new JournalStage();
  const lsn = stage.log(0, sectors(1));
  stage.put("a/base", 0, sectors(1));
  const command = stage.checker.adminIssued("a", { kind: "recover", volume: "pvol", to: { lsn }, method: "swap" });
  stage.journal("base");
  stage.checker.adminDone(command);
  stage.put("a/pvol", 0, sectors(88));
  expect(failed(stage.checker.finish())).toEqual([]);
  stage.put("a/base", 4, sectors(99));
  expect(failed(stage.checker.finish())).toEqual(["V"]);
});

/** The secondary of a pair with a journal, which a resync is overwriting from its entry 1 on. */
class MixtureStage extends Stage {
  constructor() {
    super([{ name: "p", primary: "a/pvol", secondary: "b/svol", mode: "sync" }], 32, ["b/base"], {
      journals: [{ volume: "b/svol", base: "b/base" }],
    });
    this.entries(1);
    this.consistent(false);
    for (const newestLsn of [2, 3, 4]) this.entries(newestLsn);
  }

  entries(newestLsn: number): void {
    this.journals.set("b/svol", {
      volume: "svol",
      disk: "svol",
      state: "logging",
      oldestLsn: 0,
      newestLsn,
      oldestTimeUs: 0,
      nowUs: 0,
    });
    this.checker.observe();
  }

  consistent(consistent: boolean): void {
    this.report("b", "p", { consistent, status: consistent ? "DUPLEX" : "COPY" });
  }

  recover(to: { readonly lsn: number } | { readonly timeUs: number }, accepted: boolean): void {
    const command = this.checker.adminIssued("b", { kind: "recover", volume: "svol", to, method: "apply" });
    if (accepted) this.checker.adminDone(command);
    else this.checker.adminRefused(command);
  }
}

test("S: a moment at which the system called the volume a mixture is none to go back to", () => {
  for (const [lsn, accepted] of [
    [1, true],
    [2, true],
    [3, true],
    [4, true],
    [2, false],
  ] as const) {
    const stage = new MixtureStage();
    stage.consistent(true);
    stage.recover({ lsn }, accepted);
    // The first is the moment before, and the last one the moment after.
    expect(failed(stage.checker.finish()), `entry ${lsn}`).toEqual(accepted && (lsn === 2 || lsn === 3) ? ["S"] : []);
  }
});

test("S: a time at which part of the other content was there is none either; numbers that a power loss took are new", () => {
  for (const to of [{ lsn: 2 }, { timeUs: 1234 }] as const) {
    const stage = new MixtureStage();
    stage.checker.mark("b/svol", 1234);
    stage.nowNs += 20_000_000;
    stage.entries(1);
    stage.consistent(true);
    for (const newestLsn of [2, 3]) stage.entries(newestLsn);
    stage.recover(to, true);
    expect(failed(stage.checker.finish())).toEqual("lsn" in to ? [] : ["S"]);
  }
});

test("S: the last entry of a mixture may have been under way when a time got its name, and is none", () => {
  for (const laterNs of [1_000_000, 20_000_000]) {
    const stage = new MixtureStage();
    stage.checker.mark("b/svol", 1234);
    stage.nowNs += laterNs;
    stage.entries(1);
    stage.consistent(true);
    stage.recover({ timeUs: 1234 }, true);
    expect(failed(stage.checker.finish())).toEqual(laterNs === 1_000_000 ? [] : ["S"]);
  }
});

test("S: of volumes that are recovered together all went back after a crash, or none", () => {
  for (const went of [[], ["a/log"], ["a/data"], ["a/log", "a/data"]]) {
    const volumes = ["a/log", "a/data"];
    const bases = ["a/log-base", "a/data-base"];
    const stage = new Stage([], 32, [...volumes, ...bases], {
      journals: [
        { volume: "a/log", base: "a/log-base" },
        { volume: "a/data", base: "a/data-base" },
      ],
    });
    const see = (newestLsn: number): void => {
      for (const volume of ["log", "data"]) {
        const window = { oldestLsn: 0, newestLsn, oldestTimeUs: 0, nowUs: 0 };
        stage.journals.set(`a/${volume}`, { volume, disk: volume, state: "logging", ...window });
      }
    };
    see(0);
    for (const volume of volumes) stage.write([volume], 0, sectors(1));
    see(1);
    stage.nowNs += 5000;
    for (const volume of volumes) stage.checker.mark(volume, 1234);
    stage.nowNs += 5000;
    for (const volume of volumes) stage.write([volume], 0, sectors(2));
    see(2);
    const to = { timeUs: 1234 };
    const group = { kind: "recover-group", group: "database", volumes: ["log", "data"], to, method: "apply" } as const;
    const command = stage.checker.adminIssued("a", group);
    stage.checker.systemDown("a", "kill");
    stage.down.add("a");
    stage.checker.adminDone(command, false);
    for (const volume of went) stage.restoring(volume, [0]);
    stage.down.delete("a");
    stage.checker.systemUp("a");
    for (const volume of went) {
      stage.put(volume, 0, sectors(1));
      stage.restoring(volume, []);
    }
    const result = stage.checker.finish();
    const stayed = volumes.find((volume) => !went.includes(volume));
    const inPart = [`${stayed}: a group of volumes was recovered in part`];
    expect(result.failures.map(({ message }) => message)).toEqual(went.length === 1 ? inPart : []);
  }
});

test.each(["before", "after"] as const)(
  "samples: a write where nothing was, that was answered %s the command was, may be under a recovery only if before",
  (when) => {
    const checkers: SampledChecker[] = [];
    const stage = new JournalStage((config) => {
      const checker = new SampledChecker(config);
      checkers.push(checker);
      return checker;
    });
    const look = (): void => checkers[0]?.sample();
    const lsn = stage.log(0, sectors(1));
    look();
    stage.log(0, sectors(2));
    look();
    const issued = stage.checker.adminIssued("a", { kind: "recover", volume: "pvol", to: { lsn }, method: "apply" });
    if (when === "after") stage.checker.adminDone(issued);
    look();
    const operation = stage.issue("a/pvol", 8, sectors(3));
    stage.put("a/pvol", 8, sectors(3));
    look();
    stage.seeEntries(2);
    stage.restoring("a/pvol", [0, 1, 2]);
    look();
    stage.put("a/pvol", 8, new Uint8Array(SECTOR_BYTES));
    stage.put("a/pvol", 0, sectors(1));
    look();
    stage.checker.acknowledged(operation);
    if (when === "before") stage.checker.adminDone(issued);
    look();
    stage.restoring("a/pvol", []);
    look();
    look();
    expect(failed(stage.checker.finish())).toEqual(when === "before" ? [] : ["A", "S"]);
  },
);
