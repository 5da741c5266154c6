import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { generationOf, pairStates } from "../testing/pair-states.ts";
import { decideResync, type ResyncDecision } from "./decide-resync.ts";
import { NO_GENERATION } from "./generation.ts";
import type { PairState } from "./pair-entry.ts";

const RUNS = 2_000;

/** What the other end must find. */
function mirrored(decision: ResyncDecision): ResyncDecision {
  if (decision.action === "target") return { ...decision, action: "source" };
  return decision.action === "source" ? { ...decision, action: "target" } : decision;
}

function histories(state: PairState): readonly string[] {
  return [state.current, ...state.ancestors];
}

/** Source and target, if the decision names them. */
function chosen(
  mine: PairState,
  theirs: PairState,
): { source: PairState; target: PairState; full: boolean } | undefined {
  const decision = decideResync(mine, theirs);
  if (decision.action !== "source" && decision.action !== "target") return undefined;
  const [source, target] = decision.action === "source" ? [mine, theirs] : [theirs, mine];
  return { source, target, full: decision.full };
}

const unwished = pairStates.map((state): PairState => ({ ...state, wish: "" }));

test("the two ends find the same, each from its own place: there are never two sources or two targets", () => {
  checkLaw(
    fc.property(pairStates, pairStates, (mine, theirs) => {
      expect(decideResync(theirs, mine)).toEqual(mirrored(decideResync(mine, theirs)));
    }),
    RUNS,
  );
});

test("a source is always consistent", () => {
  checkLaw(
    fc.property(pairStates, pairStates, (mine, theirs) => {
      expect(chosen(mine, theirs)?.source.consistent ?? true).toBe(true);
    }),
    RUNS,
  );
});

test("without an operator's wish a source holds the target's own history, or overwrites it already, or the target holds none", () => {
  checkLaw(
    fc.property(unwished, unwished, (mine, theirs) => {
      const choice = chosen(mine, theirs);
      if (choice === undefined) return;
      const { consistent, copyFrom, current } = choice.target;
      if (!consistent && (copyFrom !== NO_GENERATION || current === NO_GENERATION)) return;
      expect(histories(choice.source)).toContain(current);
    }),
    RUNS,
  );
});

test("a mixture that no resync overwrites cannot be the source, and may be overwritten only if it could be when whole", () => {
  checkLaw(
    fc.property(unwished, unwished, (mine, theirs) => {
      fc.pre(mine.current !== NO_GENERATION);
      const whole: PairState = { ...theirs, consistent: true };
      const expected = decideResync({ ...mine, consistent: true }, whole);
      const found = decideResync({ ...mine, consistent: false, copyFrom: NO_GENERATION }, whole);
      if (expected.action === "source") expect(found).toEqual({ action: "refused", code: "NOT_CONSISTENT" });
      else if (expected.action === "target") expect(found.action).toBe("target");
      else expect(found).toEqual(expected);
    }),
    RUNS,
  );
});

test("without an operator's wish nothing happens to a pair that an operator has split", () => {
  checkLaw(
    fc.property(unwished, unwished, (mine, theirs) => {
      fc.pre(mine.suspension === "operator" || theirs.suspension === "operator");
      expect(decideResync(mine, theirs).action).toBe("none");
    }),
    RUNS,
  );
});

test("two sides that are no moment of any history are refused, whatever an operator wishes", () => {
  checkLaw(
    fc.property(pairStates, pairStates, (mine, theirs) => {
      const decision = decideResync({ ...mine, consistent: false }, { ...theirs, consistent: false });
      if (decision.action !== "none") expect(decision).toEqual({ action: "refused", code: "NOT_CONSISTENT" });
    }),
    RUNS,
  );
});

test("the wish of one end alone decides, over any histories", () => {
  checkLaw(
    fc.property(pairStates, unwished, fc.constantFrom("from-here", "from-there"), (mine, theirs, wish) => {
      const wishing: PairState = { ...mine, wish, wishAfter: theirs.takeover };
      const wished = wish === "from-here" ? wishing : theirs;
      const decision = decideResync(wishing, theirs);
      if (wished.consistent) expect(decision.action).toBe(wish === "from-here" ? "source" : "target");
      else expect(decision).toEqual({ action: "refused", code: "NOT_CONSISTENT" });
    }),
    RUNS,
  );
});

test("a wish is void after a takeover that it did not know of", () => {
  checkLaw(
    fc.property(pairStates, pairStates, (mine, theirs) => {
      fc.pre(mine.wishAfter !== theirs.takeover);
      expect(decideResync(mine, theirs)).toEqual(decideResync({ ...mine, wish: "" }, theirs));
    }),
    RUNS,
  );
});

test("sides without a history in common are copied in full", () => {
  checkLaw(
    fc.property(pairStates, pairStates, (mine, theirs) => {
      const choice = chosen(mine, theirs);
      if (choice === undefined) return;
      const known = choice.target.consistent ? histories(choice.target) : [choice.target.copyFrom];
      if (!known.some((generation) => histories(choice.source).includes(generation))) expect(choice.full).toBe(true);
    }),
    RUNS,
  );
});

const equal: PairState = {
  role: "primary",
  status: "SPLIT",
  suspension: "link",
  consistent: true,
  established: true,
  current: generationOf(1),
  ancestors: [],
  copyFrom: generationOf(0),
  wish: "",
  wishAfter: generationOf(0),
  takeover: generationOf(0),
  secondaryWritable: false,
};
const secondary: PairState = { ...equal, role: "secondary" };
const ahead: PairState = { ...equal, current: generationOf(2), ancestors: [generationOf(1)] };
/** The image went in the middle of a rollback to it. */
const halfRolledBack = { consistent: false, copyFrom: NO_GENERATION } as const;

test.each<[string, PairState, PairState, ResyncDecision]>([
  ["after a cut the primary goes on", equal, secondary, { action: "source", full: false }],
  ["writes during the cut change nothing", ahead, secondary, { action: "source", full: false }],
  [
    "after a takeover the old primary follows",
    { ...ahead, suspension: "takeover" },
    equal,
    { action: "source", full: false },
  ],
  [
    "after a takeover both wrote",
    { ...ahead, suspension: "takeover" },
    { ...ahead, current: generationOf(3) },
    { action: "refused", code: "DIVERGED" },
  ],
  ["two primaries of one history", equal, equal, { action: "refused", code: "DIVERGED" }],
  ["two secondaries of one history", secondary, secondary, { action: "none", why: "neither end is primary" }],
  [
    "a resync that was interrupted goes on with the bitmaps",
    ahead,
    { ...secondary, consistent: false, copyFrom: generationOf(2) },
    { action: "source", full: false },
  ],
  [
    "a resync from a history that is forgotten starts over",
    ahead,
    { ...secondary, consistent: false, copyFrom: generationOf(5) },
    { action: "source", full: true },
  ],
  [
    "a primary that was being overwritten cannot be the source",
    { ...equal, consistent: false, copyFrom: generationOf(2) },
    secondary,
    { action: "target", full: true },
  ],
  [
    "a primary that was being overwritten goes on to be when the other side has taken over, whatever it held",
    { ...ahead, consistent: false, copyFrom: generationOf(1) },
    { ...ahead, current: generationOf(3), suspension: "takeover" },
    { action: "target", full: false },
  ],
  [
    "a new secondary gets its first copy",
    equal,
    { ...secondary, consistent: false, current: NO_GENERATION },
    { action: "source", full: true },
  ],
  [
    "a side that took over with half of its image is not overwritten by a primary that lacks what it acknowledged",
    { ...ahead, ...halfRolledBack, suspension: "takeover" },
    { ...ahead, current: generationOf(3), suspension: "crash" },
    { action: "refused", code: "DIVERGED" },
  ],
  [
    "nor by one that it has left behind",
    { ...ahead, ...halfRolledBack, suspension: "takeover" },
    { ...equal, suspension: "crash" },
    { action: "refused", code: "NOT_CONSISTENT" },
  ],
  [
    "a primary with half of its image is not overwritten by its secondary",
    { ...ahead, ...halfRolledBack },
    secondary,
    { action: "refused", code: "NOT_CONSISTENT" },
  ],
  [
    "a secondary with half of its image is resynchronised in full",
    { ...secondary, ...halfRolledBack },
    ahead,
    { action: "target", full: true },
  ],
  [
    "the operator has the secondary overwrite a primary with half of its image",
    { ...ahead, ...halfRolledBack, wish: "from-there" },
    secondary,
    { action: "target", full: true },
  ],
])("%s", (_, mine, theirs, decision) => {
  expect(decideResync(mine, theirs)).toEqual(decision);
});
