import fc from "fast-check";
import {
  backup,
  cascade,
  create,
  deletePair,
  failback,
  group,
  KiB,
  localMirror,
  mark,
  mirror,
  readImage,
  recover,
  recoverGroup,
  restore,
  resync,
  rollback,
  split,
  takeover,
  withImages,
  withJournals,
  withLocalMirrors,
  withTracker,
} from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import type { Topology } from "../plan/topology.ts";

/** The five systems of the requirements; everything at once, at one pair; and two pairs that are recovered together. */
export const KINDS = [
  "link-suspension",
  "backup-restore",
  "snapshot-resync",
  "journal-recovery",
  "concurrent-restore",
  "everything",
  "group",
] as const;
export type Kind = (typeof KINDS)[number];

/** What a random plan is made of. */
export interface Words {
  readonly topology: Topology;
  /** Volumes that hosts write to, when they may; the first one is filled at first. */
  readonly volumes: readonly string[];
  /** Pairs that are made at first, and again at the end. */
  readonly pairs: readonly string[];
  /** Those of them that two systems have. */
  readonly remotes: readonly string[];
  /** Volumes whose moments get the names `m1` and `m2`. */
  readonly marked: readonly string[];
  readonly commands: readonly Step[];
}

const modes = fc.constantFrom("sync" as const, "async" as const);
const trackers = fc.constantFrom("bitmap" as const, "lsn" as const);
const areaMethods = fc.constantFrom("old-data" as const, "reserved-area" as const);
const logs = fc.integer({ min: 700, max: 1600 }).map((sectors) => ({ logBytes: sectors * 512 }));
const areas = fc.integer({ min: 24, max: 400 }).map((sectors) => ({ areaBytes: sectors * 512 }));

/** Odd ones too: the last track may be partial, tracks small, and few regions hot. */
const sizes = fc
  .record({
    sizeBytes: fc.integer({ min: 16, max: 300 }).map((sectors) => sectors * 512),
    trackBytes: fc.constantFrom(512, 4096, KiB(8)),
    latencyUs: fc.integer({ min: 20, max: 2000 }),
    regionTracks: fc.constantFrom(1, 1, 2, 4, 8),
    hotRegions: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ regionTracks, hotRegions, ...size }) =>
    regionTracks === 1 ? size : { ...size, regionBytes: regionTracks * size.trackBytes, hotRegions },
  );
const remoteSizes = fc.tuple(sizes, modes).map(([size, mode]) => ({ ...size, mode }));

const splits = [split("pair"), split("pair", { secondary: "read-write" })];
const resyncs = [resync("pair"), resync("pair", { direction: "forward" }), resync("pair", { direction: "reverse" })];
const onePair = { pairs: ["pair"], remotes: ["pair"], marked: [] };
const recoveries = (volume: string): Step[] => [
  recover(volume, { to: "m1" }),
  recover(volume, { to: "m2" }),
  recover(volume, { to: "m1", by: "time" }),
  recover(volume, { to: "m2", method: "swap" }),
];

const linkSuspension = fc.tuple(remoteSizes, trackers, areaMethods).map(
  ([size, tracker, method]): Words => ({
    ...onePair,
    topology: withImages(withTracker(mirror(size), tracker), ["pvol", "svol"], { method }),
    volumes: ["pvol", "svol"],
    commands: [...splits, ...resyncs, readImage("svol"), readImage("pvol"), rollback("svol"), failback("pair")],
  }),
);

const backupRestore = remoteSizes.map(
  (size): Words => ({
    topology: cascade({ ...size, generations: ["gen1", "gen2"] }),
    volumes: ["pvol", "spvol"],
    pairs: ["pair", "gen1", "gen2"],
    remotes: ["pair"],
    marked: [],
    commands: [
      backup({ mirrors: ["gen1"] }),
      backup({ mirrors: ["gen1", "gen2"] }),
      backup({ mirrors: ["gen2"], at: "b" }),
      resync("gen1"),
      resync("gen2"),
      restore("gen1"),
      restore("gen2", { scope: "all" }),
      ...splits,
      ...resyncs,
    ],
  }),
);

const snapshotResync = fc.tuple(remoteSizes, areas).map(
  ([size, area]): Words => ({
    ...onePair,
    topology: withImages(mirror(size), ["pvol"], { method: "old-data", ...area }),
    volumes: ["pvol"],
    commands: [...splits, ...resyncs, readImage("pvol")],
  }),
);

const journalRecovery = fc.tuple(remoteSizes, fc.boolean(), logs).map(
  ([size, both, log]): Words => ({
    ...onePair,
    topology: withJournals(mirror(size), both ? ["pvol", "svol"] : ["pvol"], log),
    volumes: ["pvol"],
    marked: ["pvol"],
    commands: [mark("m1", ["pvol"]), mark("m2", ["pvol"]), ...recoveries("pvol"), ...splits, ...resyncs],
  }),
);

const concurrentRestore = sizes.map(
  (size): Words => ({
    topology: localMirror({ ...size, generations: ["gen1", "gen2"] }),
    volumes: ["pvol"],
    pairs: ["gen1", "gen2"],
    remotes: [],
    marked: [],
    commands: [
      backup({ mirrors: ["gen1"] }),
      backup({ mirrors: ["gen2"] }),
      restore("gen1"),
      restore("gen1", { scope: "all" }),
      restore("gen2"),
      resync("gen1"),
      resync("gen2"),
    ],
  }),
);

/** At either end of the pair: a journal, an image and a local mirror, or some of them. */
const ends = fc.record({
  hasJournal: fc.boolean(),
  image: fc.option(
    fc.oneof(
      fc.constant({ method: "reserved-area" as const }),
      fc
        .tuple(fc.constant({ method: "old-data" as const }), fc.option(areas))
        .map(([how, area]) => ({ ...how, ...area })),
      fc.constant({ method: "lsn" as const }),
    ),
  ),
  hasMirror: fc.boolean(),
});

const everything = fc
  .record({
    size: remoteSizes,
    tracker: trackers,
    log: logs,
    pvol: ends,
    svol: ends,
    takesOver: fc.boolean(),
    deletes: fc.boolean(),
  })
  .map(({ size, tracker, log, takesOver, deletes, ...atEnds }): Words => {
    let topology: Topology = withTracker(mirror(size), tracker);
    const pairs = ["pair"];
    const commands: Step[] = [...splits, ...resyncs, failback("pair")];
    for (const volume of ["pvol", "svol"] as const) {
      const { hasJournal, image, hasMirror } = atEnds[volume];
      if (hasJournal) {
        topology = withJournals(topology, [volume], log);
        commands.push(mark("m2", ["pvol", "svol"]), ...recoveries(volume));
      }
      if (image !== null && (image.method !== "lsn" || hasJournal)) {
        topology = withImages(topology, [volume], image);
        commands.push(rollback(volume), readImage(volume));
      }
      if (!hasMirror) continue;
      const copy = `${volume}-copy`;
      topology = withLocalMirrors(topology, volume, [copy]);
      pairs.push(copy);
      commands.push(
        backup({ mirrors: [copy] }),
        restore(copy),
        restore(copy, { scope: "all" }),
        resync(copy),
        split(copy),
      );
    }
    if (takesOver) commands.push(takeover("pair"), takeover("pair"));
    if (deletes) for (const pair of pairs) commands.push(deletePair(pair), create(pair));
    return { topology, volumes: ["pvol", "svol"], pairs, remotes: ["pair"], marked: ["pvol", "svol"], commands };
  });

const GROUP = ["log", "data"] as const;
const PRIMARIES = ["log-p", "data-p"] as const;

const groups = fc
  .record({
    size: remoteSizes,
    tracker: trackers,
    log: logs,
    hasFarJournals: fc.boolean(),
    imaged: fc.subarray(["log-p", "data-p", "log-s", "data-s"] as const),
    method: areaMethods,
    hasMirror: fc.boolean(),
    deletes: fc.boolean(),
  })
  .map(({ size, tracker, log, hasFarJournals, imaged, method, hasMirror, deletes }): Words => {
    const journals = { ...log, group: "g" };
    let topology: Topology = withJournals(withTracker(group(GROUP, size), tracker), PRIMARIES, journals);
    if (hasFarJournals) topology = withJournals(topology, ["log-s", "data-s"], journals);
    topology = withImages(topology, imaged, { method });
    const pairs: string[] = [...GROUP];
    const commands: Step[] = [];
    // As often as all that may be done to one of the pairs.
    for (let round = 0; round < 3; round++)
      commands.push(
        mark("m2", PRIMARIES),
        recoverGroup("log-p", { to: "m1" }),
        recoverGroup("log-p", { to: "m2" }),
        recoverGroup("data-p", { to: "m2", by: "time" }),
        recoverGroup("log-p", { to: "m2", method: "swap" }),
      );
    commands.push(recover("data-p", { to: "m2" }));
    for (const pair of GROUP) {
      commands.push(split(pair), resync(pair), failback(pair));
      commands.push(resync(pair, { direction: "forward" }), resync(pair, { direction: "reverse" }));
      if (deletes) commands.push(deletePair(pair), create(pair));
    }
    if (hasMirror) {
      topology = withLocalMirrors(topology, "data-p", ["copy"]);
      pairs.push("copy");
      commands.push(backup({ mirrors: ["copy"] }), restore("copy"), restore("copy", { scope: "all" }), resync("copy"));
    }
    return { topology, volumes: PRIMARIES, pairs, remotes: GROUP, marked: PRIMARIES, commands };
  });

/** By kind of plan. */
export const WORDS: { readonly [K in Kind]: fc.Arbitrary<Words> } = {
  "link-suspension": linkSuspension,
  "backup-restore": backupRestore,
  "snapshot-resync": snapshotResync,
  "journal-recovery": journalRecovery,
  "concurrent-restore": concurrentRestore,
  everything,
  group: groups,
};
