import fc from "fast-check";
import {
  after,
  backup,
  cascade,
  converged,
  crash,
  create,
  cut,
  failback,
  fill,
  heal,
  KiB,
  localMirror,
  mark,
  mirror,
  ms,
  type Plan,
  parsePlan,
  readImage,
  recover,
  restart,
  restore,
  resync,
  rollback,
  split,
  status,
  together,
  wait,
  withImages,
  withJournals,
  withTracker,
  workload,
  write,
} from "../plan/index.ts";
import { PLAN_SCHEMA_VERSION } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { Topology } from "../plan/topology.ts";

/** The five systems of the requirements. */
export const SYSTEMS = [
  "link-suspension",
  "backup-restore",
  "snapshot-resync",
  "journal-recovery",
  "concurrent-restore",
] as const;
export type System = (typeof SYSTEMS)[number];

/** What random plans of a system are made of. */
interface Vocabulary {
  readonly topology: fc.Arbitrary<Topology>;
  /** Volumes that hosts write to, when they may. */
  readonly volumes: readonly string[];
  /** Pairs that are made at first. */
  readonly pairs: readonly string[];
  readonly commands: readonly Step[];
  readonly systems: readonly string[];
  readonly links: readonly string[];
}

const modes = fc.constantFrom("sync", "async");
/** Odd ones too: the last track may be partial, and tracks small. */
const sizes = fc.record({
  sizeBytes: fc.integer({ min: 16, max: 300 }).map((sectors) => sectors * 512),
  trackBytes: fc.constantFrom(512, 4096, KiB(8)),
  latencyUs: fc.integer({ min: 20, max: 2000 }),
});

function remote(tracker: "bitmap" | "lsn" | "any"): fc.Arbitrary<Topology<"a" | "b", "pvol" | "svol", "link", "pair">> {
  const trackers = tracker === "any" ? fc.constantFrom("bitmap" as const, "lsn" as const) : fc.constant(tracker);
  return fc.tuple(sizes, modes, trackers).map(([size, mode, chosen]) => withTracker(mirror({ ...size, mode }), chosen));
}

const splits = [split("pair"), split("pair", { secondary: "read-write" })];
const resyncs = [resync("pair"), resync("pair", { direction: "forward" }), resync("pair", { direction: "reverse" })];
const remotePair = { pairs: ["pair"], systems: ["a", "b"], links: ["link"] };

const VOCABULARIES: { readonly [S in System]: Vocabulary } = {
  "link-suspension": {
    ...remotePair,
    topology: fc
      .tuple(remote("any"), fc.constantFrom("old-data" as const, "reserved-area" as const))
      .map(([topology, method]) => withImages(topology, ["pvol", "svol"], { method })),
    volumes: ["pvol", "svol"],
    commands: [...splits, ...resyncs, readImage("svol"), readImage("pvol"), rollback("svol"), failback("pair")],
  },
  "backup-restore": {
    topology: fc.tuple(sizes, modes).map(([size, mode]) => cascade({ ...size, mode, generations: ["gen1", "gen2"] })),
    volumes: ["pvol", "spvol"],
    pairs: ["pair", "gen1", "gen2"],
    systems: ["a", "b"],
    links: ["link"],
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
  },
  "snapshot-resync": {
    ...remotePair,
    topology: fc
      .tuple(remote("bitmap"), fc.integer({ min: 24, max: 400 }))
      .map(([topology, sectors]) => withImages(topology, ["pvol"], { method: "old-data", areaBytes: sectors * 512 })),
    volumes: ["pvol"],
    commands: [...splits, ...resyncs, readImage("pvol")],
  },
  "journal-recovery": {
    ...remotePair,
    topology: fc
      .tuple(remote("bitmap"), fc.boolean(), fc.integer({ min: 700, max: 1600 }))
      .map(
        ([topology, both, sectors]): Topology =>
          withJournals(topology, both ? ["pvol", "svol"] : ["pvol"], { logBytes: sectors * 512 }),
      ),
    volumes: ["pvol"],
    commands: [
      mark("m1", ["pvol"]),
      mark("m2", ["pvol"]),
      recover("pvol", { to: "m1" }),
      recover("pvol", { to: "m2" }),
      recover("pvol", { to: "m1", by: "time" }),
      recover("pvol", { to: "m2", method: "swap" }),
      ...splits,
      ...resyncs,
    ],
  },
  "concurrent-restore": {
    topology: sizes.map((size) => localMirror({ ...size, generations: ["gen1", "gen2"] })),
    volumes: ["pvol"],
    pairs: ["gen1", "gen2"],
    systems: ["a"],
    links: [],
    commands: [
      backup({ mirrors: ["gen1"] }),
      backup({ mirrors: ["gen2"] }),
      restore("gen1"),
      restore("gen1", { scope: "all" }),
      restore("gen2"),
      resync("gen1"),
      resync("gen2"),
    ],
  },
};

/** What strikes, and the end of it. */
function faults({ systems, links }: Vocabulary): fc.Arbitrary<readonly Step[]> {
  const lasting = fc.constantFrom(1, 10, 100, 1000, 6000);
  const crashes = fc
    .tuple(fc.constantFrom(...systems), fc.constantFrom("power", "power", "kill"), lasting)
    .map(([system, kind, delayMs]): readonly Step[] => [crash(system, kind), after(ms(delayMs), restart(system))]);
  if (links.length === 0) return crashes;
  const cuts = fc
    .tuple(fc.constantFrom(...links), lasting)
    .map(([link, delayMs]): readonly Step[] => [cut(link), after(ms(delayMs), heal(link))]);
  return fc.oneof(cuts, crashes);
}

const workloads = (volumes: readonly string[]): fc.Arbitrary<Step> =>
  fc
    .record({
      volume: fc.constantFrom(...volumes),
      writes: fc.integer({ min: 1, max: 40 }),
      partialTrack: fc.constantFrom(0, 0.3, 1),
      flushEvery: fc.integer({ min: 1, max: 20 }),
      fua: fc.constantFrom(0, 0.3),
      trim: fc.constantFrom(0, 0.2),
      reads: fc.constantFrom(0, 0.5),
      concurrency: fc.integer({ min: 1, max: 6 }),
      thinkUsMax: fc.integer({ min: 0, max: 2000 }),
    })
    .map(({ volume, ...options }) => workload(volume, { ...options, bytesMax: KiB(8) }));

/** Commands under load, one after the other, each with or without a fault in the middle of it. */
function rounds(words: Vocabulary): fc.Arbitrary<readonly Step[]> {
  const pause = fc.integer({ min: 0, max: 60 });
  const command = fc
    .tuple(pause, fc.constantFrom(...words.commands))
    .map(([delayMs, given]): Step => after(ms(delayMs), given));
  const strike = fc
    .tuple(pause, faults(words))
    .map(([delayMs, [first, ...rest]]): Step => after(ms(delayMs), first as Step, ...rest));
  const round = fc
    .tuple(
      fc.array(workloads(words.volumes), { minLength: 1, maxLength: 2 }),
      fc.array(command, { minLength: 1, maxLength: 3 }),
      fc.array(strike, { maxLength: 2 }),
    )
    .map(([load, commands, strikes]): Step => {
      const lanes: Step[] = [...load, { kind: "sequence", steps: commands }];
      if (strikes.length > 0) lanes.push({ kind: "sequence", steps: strikes });
      return together(...lanes);
    });
  return fc.array(round, { minLength: 1, maxLength: 5 });
}

/**
 * Random plans of one system: topology, host I/O, commands and faults, judged by the invariants against the
 * reference model. Commands may be refused; what was accepted must hold.
 */
export function randomPlans(system: System): fc.Arbitrary<Plan> {
  const words = VOCABULARIES[system];
  return fc.tuple(words.topology, fc.boolean(), rounds(words)).map(([topology, settle, steps]) => {
    const prologue: Step[] = [write("pvol", fill("at first"))];
    for (const pair of words.pairs) prologue.push(create(pair));
    if (system === "journal-recovery") prologue.push(mark("m1", ["pvol"]), mark("m2", ["pvol"]));
    if (settle) for (const pair of words.pairs) prologue.push(wait(status(pair, "DUPLEX")));
    const epilogue: Step[] = [...words.links.map((link) => heal(link)), ...words.systems.map((name) => restart(name))];
    // Whoever the operator left split is brought together again, so that there is something to converge.
    if (words.pairs.includes("pair")) {
      epilogue.push(after(ms(7000), resync("pair", { direction: "forward" })));
      // A primary that an interrupted resync has left a mixture can only be the target.
      epilogue.push(after(ms(1000), resync("pair", { direction: "reverse" })));
    }
    return parsePlan({
      schemaVersion: PLAN_SCHEMA_VERSION,
      name: `random ${system}`,
      requirements: [],
      topology,
      steps: [...prologue, ...steps, ...epilogue],
      expect: [converged()],
      mayRefuse: true,
    });
  });
}
