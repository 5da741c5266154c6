import type { AnyFault } from "../fault/index.ts";

/**
 * Something that some run of every long campaign should come to. One that none did is told: the plans, or the goal, are
 * to be changed.
 */
export interface Goal {
  readonly id: string;
  /** Counts only between these steps of the program of one system; a start of it ends that too. At any time without. */
  readonly from?: string;
  readonly until?: string;
  /** A step of any program, or a fault: of the system between the steps, if it is one of systems. */
  readonly meets: { readonly step?: string; readonly faults?: readonly AnyFault["kind"][] };
}

const CRASHES = ["crash", "torn-write"] as const satisfies readonly AnyFault["kind"][];
const LINK_ENDS = ["cut", "limit-data", "reset-peer", "timeout"] as const satisfies readonly AnyFault["kind"][];

const step = (name: string): Goal => ({ id: `it comes to ${name}`, meets: { step: name } });

/** What a campaign should reach, in one list. */
export const GOALS: readonly Goal[] = [
  { id: "a cut during the hello", from: "session.hello.sent", until: "session.up", meets: { faults: LINK_ENDS } },
  {
    id: "a cut while a bitmap is being merged",
    from: "resync.requested",
    until: "resync.begin",
    meets: { faults: LINK_ENDS },
  },
  {
    id: "a crash while a bitmap is being merged",
    from: "resync.requested",
    until: "resync.begin",
    meets: { faults: CRASHES },
  },
  { id: "a cut during a resync", from: "resync.begin", until: "pair.duplex", meets: { faults: LINK_ENDS } },
  { id: "a crash during a resync", from: "resync.begin", until: "pair.duplex", meets: { faults: CRASHES } },
  {
    id: "a crash between the end of a copy and DUPLEX",
    from: "resync.copied",
    until: "pair.duplex",
    meets: { faults: CRASHES },
  },
  {
    id: "a cut between the end of a copy and DUPLEX",
    from: "resync.copied",
    until: "pair.duplex",
    meets: { faults: LINK_ENDS },
  },
  { id: "a split during a resync", from: "resync.begin", until: "pair.duplex", meets: { step: "pair.split" } },
  { id: "a takeover during a resync", from: "resync.begin", until: "pair.duplex", meets: { step: "pair.takeover" } },
  { id: "a crash while roles are swapped", from: "pair.swapping", until: "pair.swapped", meets: { faults: CRASHES } },
  { id: "a cut while roles are swapped", from: "pair.swapping", until: "pair.swapped", meets: { faults: LINK_ENDS } },
  { id: "a crash while an image is fixed", from: "image.fixing", until: "image.fixed", meets: { faults: CRASHES } },
  { id: "a crash while hosts wait", from: "writes.paused", until: "writes.resumed", meets: { faults: CRASHES } },
  { id: "a crash during a restore", from: "restore.begin", until: "restore.done", meets: { faults: CRASHES } },
  { id: "a disk error during a restore", from: "restore.begin", until: "restore.done", meets: { faults: ["eio"] } },
  { id: "a cut during a backup", from: "backup.issued", until: "local.split", meets: { faults: LINK_ENDS } },
  { id: "a crash while mirrors are split", from: "backup.splitting", until: "local.split", meets: { faults: CRASHES } },
  {
    id: "a crash during a recovery",
    from: "journal.recover.begin",
    until: "journal.recover.done",
    meets: { faults: CRASHES },
  },
  {
    id: "a cut while a mirror is rewritten",
    from: "pair.rewriting",
    until: "pair.rewritten",
    meets: { faults: LINK_ENDS },
  },
  {
    id: "a resync while a mirror is rewritten",
    from: "pair.rewriting",
    until: "pair.rewritten",
    meets: { step: "resync.requested" },
  },
  {
    id: "a crash while a base is copied",
    from: "journal.base.begin",
    until: "journal.base.whole",
    meets: { faults: CRASHES },
  },
  step("image.lost"),
  step("image.revised"),
  step("journal.folded"),
  step("journal.group.resumed"),
  step("journal.pin.lost"),
  step("journal.swapped"),
  step("journal.unsure"),
  step("pair.demoted"),
  step("pair.forked"),
  step("pair.recover.failed"),
  step("pair.resent"),
  step("pair.swap.settled"),
  step("restore.failed"),
  step("restore.resumed"),
];
