import { chance, type Random } from "../../engine/ports/index.ts";
import {
  backup,
  create,
  cut,
  deletePair,
  failback,
  heal,
  mark,
  readImage,
  recover,
  recoverGroup,
  restore,
  resync,
  rollback,
  split,
  takeover,
} from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import type { TopologyPair } from "../plan/topology.ts";
import { pick } from "./chaos-draw.ts";
import type { StoryStep } from "./story-end.ts";
import { type Cast, systemWith } from "./swarm-cast.ts";
import { markable } from "./swarm-commands.ts";
import type { Swarm } from "./swarm.ts";

/** Commands in their order, and where a fault may come between. */
export interface Story {
  readonly commands: readonly Step[];
  /** Systems whose programs take the steps, the one that is most concerned first. */
  readonly at: readonly string[];
  readonly steps: readonly StoryStep[];
  /** Hosts go on writing there, most often. */
  readonly volumes: readonly string[];
  /** What is written besides the volumes themselves: errors strike there most often. */
  readonly disks: readonly string[];
  /** What content is brought from: errors there make a copy last. */
  readonly sources?: readonly string[];
  /** What is copied meanwhile, if anything. */
  readonly copies?: { readonly of: "resync" | "restore"; readonly name: string };
}

const SPLIT: readonly StoryStep[] = ["pair.split", "image.fixing", "image.fixed", "writes.paused"];
const IMAGE: readonly StoryStep[] = ["image.exception", "image.lost", "image.lost"];
const RESYNC: readonly StoryStep[] = [
  "resync.requested",
  "resync.begin",
  "resync.copied",
  "resync.done.sent",
  "pair.duplex",
  "image.revised",
];
const OUTAGE: readonly StoryStep[] = ["pair.suspended", "pair.forked", "session.down", ...RESYNC];
const SWAP: readonly StoryStep[] = ["pair.swapping", "pair.swapping", "pair.swapped"];
const BACKUP: readonly StoryStep[] = ["backup.issued", "backup.splitting", "local.split", "local.completed"];
const RESTORE: readonly StoryStep[] = [
  "restore.begin",
  "restore.brought",
  "restore.brought",
  "restore.done",
  "pair.rewriting",
];
const RECOVERY: readonly StoryStep[] = [
  "restore.brought",
  "journal.recover.begin",
  "journal.recover.done",
  "pair.recover.sent",
  "pair.rewriting",
  "pair.rewritten",
];
const EXCHANGE: readonly StoryStep[] = [
  "journal.swapped",
  "journal.swapped",
  "journal.base.begin",
  "journal.base.whole",
  "journal.folded",
];
const GROUP: readonly StoryStep[] = ["journal.group.decided", "journal.group.decided", ...RECOVERY];

/** The stories that the cast can play, by what they are about, each drawn as it would be now; no kind is empty. */
export function storiesOf(random: Random, swarm: Swarm, cast: Cast): readonly (readonly Story[])[] {
  const { remotes, primaries, journaled, grouped } = cast;
  // Elsewhere a recovery is refused, until roles change.
  const mostly = journaled.filter((volume) => primaries.includes(volume));
  const kinds = [
    remotes.flatMap((pair) => ofRemote(random, swarm, cast, pair)),
    ofLocals(random, swarm, cast),
    backupsOfAll(cast),
    (mostly.length > 0 && chance(random, 0.8) ? mostly : journaled).flatMap((volume) =>
      ofJournal(random, cast, volume),
    ),
    grouped.flatMap((volume) => ofGroup(cast, volume)),
  ];
  return kinds.filter((stories) => stories.length > 0);
}

function ofRemote(random: Random, swarm: Swarm, cast: Cast, pair: TopologyPair): Story[] {
  const { name, link = "", primary, secondary } = pair;
  const at = [systemOf(cast, primary), systemOf(cast, secondary)];
  const copies = { of: "resync", name } as const;
  const imaged = cast.imaged.filter((volume) => volume === primary || volume === secondary);
  const images = imaged.map((volume) => readImage(volume));
  const parting: readonly StoryStep[] = imaged.length === 0 ? SPLIT : [...SPLIT, ...IMAGE];
  const apart = chance(random, 0.5) ? split(name) : split(name, { secondary: "read-write" });
  const direction = pick(random, ["forward", "reverse"] as const);
  const taken = chance(random, 0.6) ? [takeover(name), ...images] : images;
  const place = {
    at,
    volumes: [primary, primary, primary, secondary],
    disks: imaged.map((volume) => `${volume}-area`),
  };
  const stories: Story[] = [
    {
      ...place,
      commands: [apart, ...images, ...images, resync(name), ...images],
      steps: [...parting, ...RESYNC],
      copies,
    },
    {
      ...place,
      commands: [split(name, { secondary: "read-write" }), ...images, resync(name, { direction }), ...images],
      steps: [...parting, ...RESYNC],
      copies,
    },
    {
      ...place,
      commands: [cut(link), ...taken, heal(link), ...images, resync(name, { direction: "reverse" })],
      steps: ["pair.suspended", "pair.takeover", "image.fixed", "session.hello.sent", ...RESYNC],
      copies,
    },
    { ...place, commands: [cut(link), heal(link)], steps: OUTAGE, copies },
    { ...place, commands: [failback(name), failback(name)], steps: SWAP },
  ];
  for (const volume of imaged)
    stories.push({
      ...place,
      sources: [`${volume}-area`],
      commands: [split(name, { secondary: "read-write" }), rollback(volume), resync(name)],
      steps: [...SPLIT, "restore.begin", "restore.brought", ...RESYNC],
      copies: { of: "restore", name: volume },
    });
  if (mayDelete(swarm, cast, name))
    stories.push({
      ...place,
      commands: [split(name), deletePair(name), create(name)],
      steps: ["pair.deleted", ...RESYNC],
      copies,
    });
  return stories;
}

function ofLocals(random: Random, swarm: Swarm, cast: Cast): Story[] {
  return cast.locals.flatMap(({ name, primary, secondary }): Story[] => {
    const place = { at: systemsFollowing(cast, primary), volumes: [primary], disks: [secondary], sources: [secondary] };
    const copies = { of: "restore", name: primary } as const;
    const scope = chance(random, 0.5) ? ({ scope: "all" } as const) : {};
    const back = backup({ mirrors: [name] });
    const stories: Story[] = [
      {
        ...place,
        commands: [resync(name), back, restore(name, scope), resync(name)],
        steps: [...BACKUP, ...RESTORE],
        copies,
      },
      {
        ...place,
        commands: [back, resync(name), back, restore(name, { scope: "all" })],
        steps: [...BACKUP, "local.resync.begin", "local.copied", "local.duplex", ...RESTORE],
        copies,
      },
    ];
    if (mayDelete(swarm, cast, name))
      stories.push({ ...place, commands: [split(name), deletePair(name), create(name), back], steps: BACKUP });
    return stories;
  });
}

/** Local mirrors of one system, split together. */
function backupsOfAll({ topology, locals }: Cast): Story[] {
  return topology.systems.flatMap(({ name: system, volumes }): Story[] => {
    const mine = locals.filter(({ secondary }) => volumes.some(({ name }) => name === secondary));
    const mirrors = mine.map(({ name }) => name);
    if (mirrors.length < 2) return [];
    const again = mirrors.map((name) => resync(name));
    const back = backup({ mirrors });
    const place = {
      at: [system],
      volumes: mine.map(({ primary }) => primary),
      disks: mine.map(({ secondary }) => secondary),
    };
    return [
      { ...place, commands: [back], steps: BACKUP },
      { ...place, commands: [back, ...again, back], steps: BACKUP },
    ];
  });
}

function ofJournal(random: Random, cast: Cast, volume: string): Story[] {
  const now = mark("m2", markable(cast));
  const back = recover(volume, { to: "m2" });
  const exchange = [now, recover(volume, { to: "m2", method: "swap" })];
  const copies = { of: "restore", name: volume } as const;
  const to = pick(random, ["m1", "m2"]);
  const place = placeOf(cast, volume);
  const stories: Story[] = [
    { ...place, commands: [now, back], steps: RECOVERY, copies },
    {
      ...place,
      commands: [recover(volume, { to }), now, recover(volume, { to: "m2", by: "time" })],
      steps: RECOVERY,
      copies,
    },
  ];
  if (!mayExchange(cast, volume)) return stories;
  return [
    ...stories,
    { ...place, sources: [], commands: [...exchange, back], steps: EXCHANGE },
    { ...place, sources: [], commands: [...exchange, ...exchange], steps: EXCHANGE },
    { ...place, sources: [], commands: [...exchange, ...exchange, now, back], steps: EXCHANGE },
  ];
}

function ofGroup(cast: Cast, volume: string): Story[] {
  const now = mark("m2", markable(cast));
  const copies = { of: "restore", name: volume } as const;
  const place = placeOf(cast, volume);
  return [
    { ...place, commands: [now, recoverGroup(volume, { to: "m2" })], steps: GROUP, copies },
    { ...place, commands: [now, recoverGroup(volume, { to: "m2", method: "swap" })], steps: [...GROUP, ...EXCHANGE] },
    { ...place, commands: [recoverGroup(volume, { to: "m1" })], steps: GROUP, copies },
  ];
}

function placeOf(cast: Cast, volume: string): Pick<Story, "at" | "volumes" | "disks" | "sources"> {
  const disks = [`${volume}-log`, `${volume}-base`];
  return { at: systemsFollowing(cast, volume), volumes: [volume], disks, sources: disks };
}

/** With a local mirror, or an image in an area, a volume gets its content track by track instead. */
function mayExchange({ topology, locals }: Cast, volume: string): boolean {
  if (locals.some(({ primary, secondary }) => primary === volume || secondary === volume)) return false;
  return !topology.systems.some(({ images = [] }) =>
    images.some((one) => one.volume === volume && one.method !== "lsn"),
  );
}

/** The last one stays: of a pair of which nobody knows whether it was deleted no convergence can be asked. */
function mayDelete({ tasks }: Swarm, { remotes, locals }: Cast, name: string): boolean {
  return tasks.includes("delete") && [...remotes, ...locals].at(-1)?.name !== name;
}

/** The system of the volume first, then those of its mirrors, which follow what it goes back to. */
function systemsFollowing(cast: Cast, volume: string): string[] {
  const ends = cast.remotes
    .filter(({ primary, secondary }) => primary === volume || secondary === volume)
    .flatMap(({ primary, secondary }) => [primary, secondary]);
  return [...new Set([volume, ...ends].map((one) => systemOf(cast, one)))];
}

function systemOf({ topology }: Cast, volume: string): string {
  return systemWith(topology, volume).name;
}
