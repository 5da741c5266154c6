import type { Content } from "../oracle/content.ts";
import type { Judgement } from "../oracle/judgement.ts";

/** What is known of a captured content. */
export interface CaptureContext {
  readonly volume: string;
  /** `end`, or `cut 3`. */
  readonly moment: string;
  /**
   * The recorded trace that the pair's host replays, and how many of its entries the content surely holds,
   * counted from the first entry; `undefined` if no trace was replayed.
   */
  readonly trace: { readonly name: string; readonly entriesMin: number } | undefined;
}

/**
 * An outside judge. `capture` sets the content aside before it returns, because the run goes on; what it
 * gives settles whenever the judges are done, and never rejects. Real time and I/O belong here: the
 * run cannot notice.
 */
export interface RunOracle {
  capture(content: Content, context: CaptureContext): Promise<readonly Judgement[]>;
}
