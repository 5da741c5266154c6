import { expect, test } from "vitest";
import type { PairReport } from "../target/target.ts";
import type { CheckerConfig, LiveSystem } from "./checker.ts";
import { SampledWords } from "./sampled-words.ts";

const report: PairReport = {
  pair: "pair",
  volume: "svol",
  copyType: "remote",
  generation: "0",
  role: "secondary",
  status: "SPLIT",
  suspension: "link",
  consistent: true,
  pendingTracks: 0,
  connected: false,
};

/** What the only system says; undefined while it is down. */
function rig(): { said: PairReport | undefined; readonly words: SampledWords } {
  const live = (): LiveSystem | undefined => {
    const { said } = state;
    if (said === undefined) return undefined;
    const none = (): readonly [] => [];
    return { pairs: () => [said], pending: () => undefined, images: none, journals: none, restores: none };
  };
  const disk = { volume: "b/svol", sizeBytes: 512, reserved: false };
  const config = { disks: [disk], pairs: [], images: [], live } as unknown as CheckerConfig;
  const state = { said: report as PairReport | undefined, words: new SampledWords(config, () => 1) };
  return state;
}

test("a word is told until the next, but for a volume that was overwritten since", () => {
  const state = rig();
  state.words.after("b", state.words.now("b"), new Set());
  state.said = { ...report, status: "COPY" };
  expect(state.words.before("b", new Set())?.pairs()).toEqual([report]);
  expect(state.words.before("b", new Set(["b/svol"]))?.pairs()).toEqual([{ ...report, consistent: false }]);
});

test("of a system that went down and is back only its new word counts: a resync may have begun after the last one", () => {
  const state = rig();
  state.words.after("b", state.words.now("b"), new Set());
  state.said = undefined;
  expect(state.words.before("b", new Set())).toBeUndefined();
  state.words.forget("b");
  state.said = { ...report, consistent: false };
  expect(state.words.before("b", new Set())?.pairs()).toEqual([{ ...report, consistent: false }]);
});
