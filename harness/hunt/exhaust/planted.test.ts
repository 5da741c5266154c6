import { expect, test } from "vitest";
import { type Disk, DiskError, type Link, type Listener } from "../../../engine/ports/index.ts";
import { converged, create, KiB, mirror, parsePlan, scenario, status, wait, write } from "../../plan/index.ts";
import { resilverTarget } from "../../target/resilver-target.ts";
import type { SystemConfig, Target } from "../../target/target.ts";
import { hostPump } from "../../world/sim/host-pump.ts";
import { groupsOf, outcomeOf, verdictOf } from "./case-groups.ts";
import { casesAt } from "./cases.ts";
import { runCase } from "./run-case.ts";
import { type SearchOptions, type SearchResult, searchPoints } from "./search.ts";

const plan = scenario({
  name: "one write on a mirror",
  requirements: [],
  topology: mirror({ sizeBytes: KiB(32), mode: "sync" }),
  steps: [
    write("pvol", { offsetBytes: KiB(16), lengthBytes: KiB(16) }),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(4) }),
  ],
  expect: [converged()],
});
const single: SearchOptions = {
  blows: ["power", "kill", "cut", "error"],
  stride: 1,
  limit: 5000,
  pairs: false,
  wholeMax: 6,
  subsetsMax: 64,
};

async function search(target: Target, options: Partial<SearchOptions>): Promise<SearchResult> {
  const parts = { target, pump: hostPump(), wallNowMs: () => 0 };
  const start = { id: "t", plan: parsePlan(plan), seed: 1, withinMs: 0 };
  return searchPoints(start, { ...single, ...options }, async (_name, base, requests) => {
    const results = [];
    for (const request of requests) results.push(await runCase(base, request, parts));
    return results;
  });
}

/** The engine, with one disk other than it is. */
function withDisk(change: (disk: Disk, life: number) => Disk, name = "svol"): Target {
  const inner = resilverTarget("planted");
  const lives = new WeakMap<SystemConfig, number>();
  return {
    ...inner,
    start: (config, ports) => {
      const life = lives.get(config) ?? 0;
      lives.set(config, life + 1);
      const disk = ports.disks.get(name);
      if (disk === undefined) return inner.start(config, ports);
      return inner.start(config, { ...ports, disks: new Map(ports.disks).set(name, change(disk, life)) });
    },
  };
}

/** The disk with some of its functions replaced. */
function altered(disk: Disk, changes: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get: (whole, name) => {
      const own = Reflect.get(changes, name) as unknown;
      const value = own ?? (Reflect.get(whole, name) as unknown);
      return typeof value === "function" && own === undefined ? (value.bind(whole) as unknown) : value;
    },
  });
}

/**
 * At a start it takes a write of 4 KiB for whole if its first and its last sector are there, and if the others are not,
 * loses a sector of another track.
 */
const trustsEnds = withDisk((disk, life) => {
  const look = async (): Promise<void> => {
    const bytes = await disk.read(0, KiB(4));
    const isWritten = (sector: number): boolean =>
      bytes.subarray(sector * 512, (sector + 1) * 512).some((byte) => byte !== 0);
    const isTorn = isWritten(0) && isWritten(7) && ![1, 2, 3, 4, 5, 6].some(isWritten);
    if (isTorn) await disk.write(KiB(24), new Uint8Array(512), { fua: true });
  };
  if (life > 0) void look();
  return disk;
});

/** After a crash, flushes of the volume do nothing any more. */
const forgetsFlushes = withDisk((disk, life) =>
  life === 0 ? disk : altered(disk, { flush: () => Promise.resolve() }),
);

test("the engine as it is passes, and the same search comes to the same", { timeout: 120_000 }, async () => {
  const one = await search(resilverTarget("x"), { limit: 60, pairs: true });
  const other = await search(resilverTarget("x"), { limit: 60, pairs: true });
  expect([verdictOf(one.single), verdictOf(one.second)]).toEqual(["PASS", "PASS"]);
  expect(outcomeOf([...other.single, ...other.second])).toBe(outcomeOf([...one.single, ...one.second]));
  expect(other.pairs).toEqual(one.pairs);
  expect(one.pairs).toMatchObject({ runs: 60, passed: 60, leftOut: (one.pairs?.secondKinds ?? 0) - 60 });
  expect(one.single.every(({ result }) => result.isReached)).toBe(true);
});

test("a mistake that one torn subset alone shows is found, and not where chance tears", {
  timeout: 120_000,
}, async () => {
  const chance = await search(trustsEnds, { blows: ["power"], subsetsMax: 0 });
  expect(verdictOf(chance.single)).toBe("PASS");
  const all = await search(trustsEnds, { blows: ["power"] });
  const failed = all.single.filter(({ result }) => result.verdict !== "PASS");
  expect(groupsOf(failed).length).toBeGreaterThan(0);
  for (const { of } of failed) {
    const { system, choice } = of.points[0] ?? {};
    expect(system).toBe("b");
    expect(choice?.lose ?? choice?.survive).not.toEqual([]);
  }
});

test("a mistake that a second crash alone shows is found by pairs", { timeout: 120_000 }, async () => {
  const found = await search(forgetsFlushes, { blows: ["power"], pairs: true, limit: 400 });
  expect(verdictOf(found.single)).toBe("PASS");
  expect(verdictOf(found.second)).toBe("FAIL");
});

const believesWrites = withDisk((disk) =>
  altered(disk, { write: (...request) => disk.write(...request).catch(() => undefined) }),
);
const believesReads = withDisk(
  (disk) =>
    altered(disk, {
      read: (...request) => disk.read(...request).catch(() => new Uint8Array(request[1])),
    }),
  "pvol",
);

test.each([
  { believed: "writes", target: believesWrites, disk: "svol", kind: "disk-write" },
  { believed: "reads", target: believesReads, disk: "pvol", kind: "disk-read" },
])(
  "refused $believed that are taken for done are found by disk errors, and not by a kill",
  {
    timeout: 120_000,
  },
  async ({ target, disk, kind }) => {
    expect(verdictOf((await search(target, { blows: ["kill"] })).single)).toBe("PASS");
    const { single: found } = await search(target, { blows: ["error"] });
    const failed = found.filter(({ result }) => result.verdict !== "PASS");
    expect(failed.length).toBeGreaterThan(0);
    for (const { of } of failed) expect(of.points).toMatchObject([{ blow: "error", at: { disk, kind } }]);
  },
);

test("of a disk the request itself fails, or all from it on, or writes from it on; no read before it", {
  timeout: 120_000,
}, async () => {
  /** By request to the disk, in order: what became of it. */
  let requests: string[] = [];
  const noted = <T>(kind: string, request: () => Promise<T>): Promise<T> => {
    const nth = requests.push("") - 1;
    return request().then(
      (given) => {
        requests[nth] = `${kind} done`;
        return given;
      },
      (error: unknown) => {
        requests[nth] = `${kind} ${error instanceof DiskError ? error.code : String(error)}`;
        throw error;
      },
    );
  };
  const watched = withDisk((disk) =>
    altered(disk, {
      write: async (...request) => {
        await noted("read", () => disk.read(0, 512));
        return noted("write", () => disk.write(...request));
      },
      trim: (...request) => noted("write", () => disk.trim(...request)),
      flush: () => noted("flush", () => disk.flush()),
    }),
  );
  const parts = { target: watched, pump: hostPump(), wallNowMs: () => 0 };
  const base = { id: "t", plan: parsePlan(plan), seed: 1, withinMs: 2000 };
  const first = await runCase(base, { index: 0, points: [], watch: { points: "all" } }, parts);
  const points = (first.seen ?? []).filter(({ at }) => at.kind === "disk-write" && at.disk === "svol");
  expect(points.length).toBeGreaterThan(2);
  for (const seen of points) {
    const cases = casesAt(seen, ["error"]).map((one) => one.points);
    expect(cases.map(([point]) => point?.fails)).toEqual(["once", "all", ...(seen.action === "flush" ? [] : ["full"])]);
    for (const [index, at] of cases.entries()) {
      requests = [];
      const result = await runCase(base, { index: 1, points: at }, parts);
      expect([result.verdict, result.isReached]).toEqual(["PASS", true]);
      const isRefused = (request: string): boolean => request.endsWith("EIO") || request.endsWith("ENOSPC");
      const first = requests.findIndex(isRefused);
      expect(requests.slice(0, first + 1).filter((request) => !request.startsWith("read"))).toHaveLength(seen.at.nth);
      expect(requests[first]).toBe(`${seen.action === "flush" ? "flush" : "write"} ${index === 2 ? "ENOSPC" : "EIO"}`);
      if (index === 0) expect(requests.filter(isRefused)).toHaveLength(1);
    }
  }
});

test("of a disk a read fails alone, or with the nine after it", { timeout: 120_000 }, async () => {
  /** By read of the disk, in order. */
  let refused: boolean[] = [];
  const watched = withDisk(
    (disk) =>
      altered(disk, {
        read: (...request) => {
          const nth = refused.push(false) - 1;
          return disk.read(...request).catch((error: unknown) => {
            refused[nth] = true;
            throw error;
          });
        },
      }),
    "pvol",
  );
  const parts = { target: watched, pump: hostPump(), wallNowMs: () => 0 };
  const base = { id: "t", plan: parsePlan(plan), seed: 1, withinMs: 2000 };
  const first = await runCase(base, { index: 0, points: [], watch: { points: "all" } }, parts);
  const points = (first.seen ?? []).filter(({ at }) => at.kind === "disk-read" && at.disk === "pvol");
  expect(points.length).toBeGreaterThan(0);
  for (const seen of points) {
    expect(casesAt(seen, ["power", "kill", "cut"])).toEqual([]);
    const cases = casesAt(seen, ["error"]);
    expect(cases).toHaveLength(2);
    for (const [index, { points: at }] of cases.entries()) {
      refused = [];
      const result = await runCase(base, { index: 1, points: at }, parts);
      expect([result.verdict, result.isReached]).toEqual(["PASS", true]);
      const from = seen.at.nth - 1;
      const isRefused = (nth: number): boolean => nth >= from && nth < from + (index === 0 ? 1 : 10);
      expect(refused).toEqual(refused.map((_refused, nth) => isRefused(nth)));
      expect(refused.length).toBeGreaterThan(from);
    }
  }
});

test("of a frame that a cut falls into just the part arrives that is said, after all before it", {
  timeout: 120_000,
}, async () => {
  const inner = resilverTarget("counts");
  let received: number[] = [];
  const counting: Target = {
    ...inner,
    start: (config, ports) => {
      const listen = (address: string, onLink: (link: Link) => void): Listener =>
        ports.links.listen(address, (link) => {
          const nth = received.push(0) - 1;
          const read = async (): Promise<Uint8Array | undefined> => {
            const bytes = await link.read();
            received[nth] = (received[nth] ?? 0) + (bytes?.length ?? 0);
            return bytes;
          };
          onLink({ read, write: (bytes) => link.write(bytes), close: () => link.close() });
        });
      return inner.start(config, { ...ports, links: { dial: (address) => ports.links.dial(address), listen } });
    },
  };
  const parts = { target: counting, pump: hostPump(), wallNowMs: () => 0 };
  const base = { id: "t", plan: parsePlan(plan), seed: 1, withinMs: 0 };
  const first = await runCase(base, { index: 0, points: [], watch: { points: "all" } }, parts);
  const frames = (first.seen ?? []).filter(({ system, frame }) => system === "a" && frame !== undefined);
  expect(frames.length).toBeGreaterThan(8);
  const expected: number[] = [];
  const found: number[] = [];
  let before = 0;
  for (const seen of frames) {
    for (const { points } of casesAt(seen, ["cut"])) {
      const arriving = points[0]?.arrivingBytes;
      if (arriving === undefined) continue;
      received = [];
      const result = await runCase({ ...base, withinMs: 2000 }, { index: 1, points }, parts);
      expect([result.verdict, result.isReached]).toEqual(["PASS", true]);
      expected.push(before + arriving - (seen.frame?.aheadBytes ?? 0));
      found.push(received[0] ?? 0);
    }
    before += seen.frame?.lengthBytes ?? 0;
  }
  expect(found).toEqual(expected);
});
