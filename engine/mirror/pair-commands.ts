import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { decideResync } from "./decide-resync.ts";
import type { Pair } from "./pair.ts";
import { illegalTransition } from "./illegal-transition.ts";
import type { PairState } from "./pair-entry.ts";
import { setStatus } from "./pair-status.ts";

/** On a `split` frame: hosts may write to the secondary. */
export const FLAG_SECONDARY_WRITABLE = 1;

function requirePrimary(pair: Pair, command: string): void {
  const { name, role } = pair.entry;
  if (role !== "primary") throw new EngineError("WRONG_ROLE", { pair: name, command, role });
}

/**
 * DUPLEX → SPLIT by an operator (BR-2): everything written before is sent and durable on both sides,
 * everything after stays here as pending. A pair that is suspended already waits for a resync from now on. In
 * either case the other end, if it is out of reach, learns what hosts may do there when the ends meet.
 * @throws EngineError WRONG_ROLE, ILLEGAL_TRANSITION, RESTORE_RUNS
 */
export async function splitPair(pair: Pair, secondaryWritable: boolean): Promise<void> {
  requirePrimary(pair, "split");
  const { entry, connection, peerState } = pair;
  pair.volume.requireWhole("split");
  const suspended = entry.status === "SPLIT";
  // The other end may have agreed already to overwrite this one.
  if (suspended ? pair.phase !== "idle" : entry.status !== "DUPLEX" || !pair.live)
    throw illegalTransition(pair, "split", "DUPLEX or SPLIT, and nothing else under way");
  const tells = !suspended || peerState?.role === "secondary" ? connection : undefined;
  const flags = secondaryWritable ? FLAG_SECONDARY_WRITABLE : 0;
  const heard = tells && whenHeard(pair, tells, tells.outbox.send("split", { pairId: entry.id, flags }));
  pair.live = false;
  setStatus(entry, "SPLIT");
  entry.suspension = "operator";
  entry.secondaryWritable = secondaryWritable;
  entry.wish = "";
  pair.runtime.log.step("pair.split", { pair: entry.name });
  const fixed = suspended ? undefined : pair.image?.suspend();
  await pair.persist();
  await fixed;
  // Lost or not, the pair is split: the other end learns it with the next session at the latest.
  await heard;
}

/** Settles when the other end has carried out the split of this frame, or the session is over. Until then, resyncs wait for it. */
function whenHeard(pair: Pair, { outbox }: Connection, sequence: number): Promise<void> {
  const heard = outbox.whenDurable(sequence).then(() => {
    if (pair.splitHeard === heard) pair.splitHeard = undefined;
  });
  pair.splitHeard = heard;
  return heard;
}

/** The other end's half of a split; its disks are flushed. */
export async function completeSplit(pair: Pair, secondaryWritable: boolean): Promise<void> {
  const { entry } = pair;
  const suspended = entry.status === "SPLIT";
  setStatus(entry, "SPLIT");
  entry.suspension = "operator";
  entry.wish = "";
  entry.secondaryWritable = secondaryWritable;
  // Suspended before: the image is of then.
  const fixed = suspended ? undefined : pair.image?.suspend();
  await pair.persist();
  await fixed;
  pair.runtime.log.step("pair.split", { pair: entry.name });
}

/**
 * The primary's word on a split that did not come as a frame in its place: the link was down, or the pair
 * suspended already. What hosts write here then begins a history of its own, as after any split.
 */
export function learnSplit(pair: Pair, peer: PairState): Promise<void> | undefined {
  const { entry } = pair;
  const { suspension, secondaryWritable } = peer;
  if (entry.role !== "secondary" || entry.status !== "SPLIT" || entry.wish !== "") return undefined;
  if (peer.role !== "primary" || peer.status !== "SPLIT" || suspension !== "operator") return undefined;
  if (entry.suspension === suspension && entry.secondaryWritable === secondaryWritable) return undefined;
  entry.suspension = suspension;
  entry.secondaryWritable = secondaryWritable;
  pair.runtime.log.step("pair.split.learned", { pair: entry.name, secondaryWritable });
  return pair.persist();
}

/**
 * SPLIT → COPY by an operator (LS-5, LS-6): chooses the source and leaves the rest to the ends' decision.
 * @param direction without one: primary to secondary, unless the histories diverged by a takeover
 * @param isNews what the other end says of itself was not known here when the command was given
 * @throws EngineError LINK_DOWN, ILLEGAL_TRANSITION, DIVERGED, NOT_CONSISTENT
 */
export async function chooseResync(
  pair: Pair,
  direction: "forward" | "reverse" | undefined,
  isNews = false,
): Promise<void> {
  // It waits at the other end behind data, and states overtake it there. If this word did, too, the copy would be split by it,
  // in its middle or when it is through; and an end that is DUPLEX still would miss the word.
  while (pair.splitHeard !== undefined) await pair.splitHeard;
  requirePrimary(pair, "resync");
  const { entry, peerState } = pair;
  if (entry.status !== "SPLIT" || pair.phase !== "idle")
    throw illegalTransition(pair, "resync", "SPLIT, and nothing else under way");
  if (pair.connection === undefined || peerState === undefined)
    throw new EngineError("LINK_DOWN", { pair: entry.name, command: "resync" });
  const { wish, wishAfter } = direction === undefined ? undirected(entry, peerState) : wishFor(direction, peerState);
  const decision = decideResync(
    { ...entry, suspension: "link", wish, wishAfter },
    { ...peerState, suspension: "link" },
  );
  // The takeover may be the operator's later word.
  const isOverruled = isNews && direction === "forward" && peerState.role === "primary";
  if (isOverruled || (decision.action === "refused" && decision.code === "DIVERGED"))
    throw new EngineError("DIVERGED", { pair: entry.name, mine: entry.current, theirs: peerState.current });
  if (decision.action === "refused") throw new EngineError("NOT_CONSISTENT", { pair: entry.name, command: "resync" });
  entry.wish = wish;
  entry.wishAfter = wishAfter;
  if (entry.suspension === "operator") entry.suspension = "link";
  await pair.persist();
}

type Wish = Pick<PairState, "wish" | "wishAfter">;

function wishFor(direction: "forward" | "reverse", { takeover }: PairState): Wish {
  return { wish: direction === "reverse" ? "from-there" : "from-here", wishAfter: takeover };
}

/** What an operator who names no direction wishes: after a takeover, which may be news, no more than to go on. */
function undirected(mine: PairState, theirs: PairState): Wish {
  if (mine.suspension !== "operator" && theirs.suspension !== "operator") return mine;
  if (theirs.role === "secondary") return wishFor("forward", theirs);
  const { action } = decideResync({ ...mine, suspension: "link" }, { ...theirs, suspension: "link" });
  if (action === "source") return wishFor("forward", theirs);
  return action === "target" ? wishFor("reverse", theirs) : mine;
}

/**
 * The secondary becomes primary because the primary is gone (SVOL takeover). Refused while a
 * resync has left this side incomplete, and while the primary is in reach.
 * @throws EngineError WRONG_ROLE, NOT_CONSISTENT, PEER_ALIVE
 */
export async function takeOver(pair: Pair): Promise<void> {
  const { entry } = pair;
  if (entry.role !== "secondary")
    throw new EngineError("WRONG_ROLE", { pair: entry.name, command: "takeover", role: entry.role });
  if (!entry.consistent && pair.image?.image.state !== "fixed")
    throw new EngineError("NOT_CONSISTENT", { pair: entry.name, command: "takeover" });
  if (pair.connection !== undefined && !isOrphan(pair)) throw new EngineError("PEER_ALIVE", { pair: entry.name });
  // A resync has left a mixture here: what was there before it counts (LS-8).
  if (!entry.consistent) await pair.image?.rollback();
  entry.role = "primary";
  setStatus(entry, "SPLIT");
  entry.suspension = "takeover";
  entry.wish = "";
  pair.runtime.log.step("pair.takeover", { pair: entry.name });
  // A history of its own, or the old primary could not be told from this one.
  pair.beginHistory();
  entry.takeover = entry.current;
  await pair.persist();
}

/** True if neither end is primary, nor about to be: a swap on its way makes one of them primary. */
function isOrphan({ entry, peerState }: Pair): boolean {
  if (entry.status !== "SPLIT" || entry.suspension === "swap") return false;
  return peerState?.role === "secondary" && peerState.suspension !== "swap";
}

function requireSwappable(pair: Pair): void {
  requirePrimary(pair, "failback");
  pair.volume.requireWhole("failback");
  if (pair.entry.status !== "DUPLEX" || !pair.live)
    throw illegalTransition(pair, "failback", "DUPLEX, and nothing else under way");
}

/**
 * Swaps the roles of a DUPLEX pair. The old primary gives up first, durably: between the two there
 * is no primary for a moment, but never two.
 * @throws EngineError WRONG_ROLE, ILLEGAL_TRANSITION, RESTORE_RUNS, LINK_DOWN, UNANSWERED
 */
export async function swapRoles(pair: Pair): Promise<void> {
  requireSwappable(pair);
  const { entry, connection } = pair;
  assert(connection !== undefined, "a pair that is live is on a session");
  pair.hold("swap");
  try {
    const release = await pair.volume.locks.drain();
    release();
    // The other end has all of it, whatever the mode: of two swaps that are both interrupted only that makes
    // it one which end is the primary ({@link settleSwap}).
    const outcome = await connection.outbox.whenDurable(pair.sendFlush());
    if (outcome === "lost" || pair.connection !== connection)
      throw new EngineError("LINK_DOWN", { pair: entry.name, command: "failback" });
    // Another command may have been faster.
    requireSwappable(pair);
    pair.live = false;
    entry.role = "secondary";
    entry.secondaryWritable = false;
    entry.suspension = "swap";
    await pair.persist();
    if (pair.connection !== connection) throw new EngineError("LINK_DOWN", { pair: entry.name, command: "failback" });
    const sequence = connection.outbox.send("swap", { pairId: entry.id });
    pair.runtime.log.step("pair.swapping", { pair: entry.name });
    if ((await connection.outbox.whenDurable(sequence)) === "lost")
      throw new EngineError("UNANSWERED", { pair: entry.name, command: "failback" });
    entry.suspension = "";
    await pair.persist();
  } finally {
    pair.release("swap");
  }
}

/**
 * After a swap that the link interrupted: whether it happened is what the other end says. Both
 * secondary means that it did not, and this side is primary again.
 */
export async function settleSwap(pair: Pair, peer: PairState, connection: Connection): Promise<void> {
  const { entry } = pair;
  // Two swaps after each other may both be interrupted. Both ends hold the same then, so either may be primary; one must.
  const tie = peer.suspension === "swap" && !connection.dials;
  if (peer.role === "secondary" && !tie) entry.role = "primary";
  entry.suspension = "link";
  pair.runtime.log.step("pair.swap.settled", { pair: entry.name, role: entry.role });
  await pair.persist();
}

/** The other end's half of a swap; its disks are flushed. */
export async function completeSwap(pair: Pair, connection: Connection): Promise<void> {
  const { entry } = pair;
  entry.role = "primary";
  await pair.persist();
  if (pair.connection === connection) pair.live = true;
  pair.runtime.log.step("pair.swapped", { pair: entry.name });
}
