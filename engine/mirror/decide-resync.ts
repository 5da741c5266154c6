import { NO_GENERATION } from "./generation.ts";
import type { PairState } from "./pair-entry.ts";

/** What one end does about a pair after it has heard the other's state. */
export type ResyncDecision =
  /** An operator must speak first, or there is nothing to decide. */
  | { readonly action: "none"; readonly why: string }
  /** Ask the other end to overwrite this side. `full`: the bitmaps do not cover all differences. */
  | { readonly action: "target"; readonly full: boolean }
  /** The other end will ask. */
  | { readonly action: "source"; readonly full: boolean }
  | { readonly action: "refused"; readonly code: "DIVERGED" | "NOT_CONSISTENT" };

/**
 * Who may overwrite whom (rule 5, invariant G). Pure, and symmetrical: with the same two states
 * one end finds `target` exactly if the other finds `source`. Content decides; an operator's wish
 * decides where content alone cannot; nothing is guessed.
 */
export function decideResync(mine: PairState, theirs: PairState): ResyncDecision {
  const wished = wishedSource(mine, theirs);
  if (wished === "conflict") return { action: "none", why: "both ends hold an operator's wish, and they differ" };
  if (wished === undefined && (mine.suspension === "operator" || theirs.suspension === "operator"))
    return { action: "none", why: "split by an operator" };
  const source = wished ?? dominant(mine, theirs);
  if (source === "none") return { action: "none", why: "neither end is primary" };
  if (source === "diverged") return { action: "refused", code: "DIVERGED" };
  const sourceState = source === "mine" ? mine : theirs;
  const targetState = source === "mine" ? theirs : mine;
  if (!sourceState.consistent) return { action: "refused", code: "NOT_CONSISTENT" };
  return { action: source === "mine" ? "source" : "target", full: !bitmapsCover(sourceState, targetState) };
}

type Side = "mine" | "theirs";

function wishedSource(mine: PairState, theirs: PairState): Side | "conflict" | undefined {
  const fromMine = wishOf(mine, theirs);
  const fromTheirs = wishOf(theirs, mine);
  if (fromMine === undefined) return flip(fromTheirs);
  const flipped = flip(fromTheirs);
  return flipped === undefined || flipped === fromMine ? fromMine : "conflict";
}

/** The source that `holder` wishes, seen from `holder`. */
function wishOf(holder: PairState, other: PairState): Side | undefined {
  // Whoever made the wish did not know of a later takeover: that is an operator's newer word.
  if (holder.wish === "" || holder.wishAfter !== other.takeover) return undefined;
  return holder.wish === "from-here" ? "mine" : "theirs";
}

function flip(side: Side | undefined): Side | undefined {
  if (side === undefined) return undefined;
  return side === "mine" ? "theirs" : "mine";
}

function dominant(mine: PairState, theirs: PairState): Side | "none" | "diverged" {
  // Neither can be the source: the refusal comes from the caller, whichever is named.
  if (!mine.consistent && !theirs.consistent) return "theirs";
  if (isGivenUp(mine)) return "theirs";
  if (isGivenUp(theirs)) return "mine";
  if (mine.current === theirs.current) {
    if (mine.role === theirs.role) return mine.role === "secondary" ? "none" : "diverged";
    return mine.role === "primary" ? "mine" : "theirs";
  }
  const ahead = mine.ancestors.includes(theirs.current);
  const behind = theirs.ancestors.includes(mine.current);
  if (ahead === behind) return "diverged";
  return ahead ? "mine" : "theirs";
}

/**
 * True if a resync overwrites this side, or its first one is to come: when that began it was decided that this content goes. A
 * side that is a mixture for any other reason may hold writes of its hosts, so its history decides, as that of a whole side does.
 */
function isGivenUp({ consistent, copyFrom, current }: PairState): boolean {
  return !consistent && (copyFrom !== NO_GENERATION || current === NO_GENERATION);
}

/** Whether the union of both pending bitmaps holds every track in which the two sides differ. */
function bitmapsCover(source: PairState, target: PairState): boolean {
  const known = [source.current, ...source.ancestors];
  if (!target.consistent) return known.includes(target.copyFrom);
  return known.includes(target.current) || target.ancestors.some((ancestor) => known.includes(ancestor));
}
