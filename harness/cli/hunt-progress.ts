import type { SeedResult } from "../hunt/seed-result.ts";
import { GOALS } from "../hunt/goals.ts";
import type { Terminal } from "./terminal.ts";

/** Elsewhere than on a terminal, a line each. */
const LINE_MS = 30_000;
const REDRAW_MS = 500;

/** How far a hunt is. */
export interface HuntProgress {
  result(result: SeedResult): void;
  /** Settles when the last of it is on the screen. */
  end(): Promise<void>;
}

/** How much of the campaign is over, 0 … 1; and how long it has gone on. */
export interface HuntPace {
  readonly part: () => number;
  readonly nowMs: () => number;
}

/** Redrawn in place on a terminal, a line every 30 s elsewhere; always on stderr. */
export async function huntProgress(terminal: Terminal, pace: HuntPace): Promise<HuntProgress> {
  const state = new HuntState(pace);
  if (!terminal.interactive) {
    const timer = setInterval(() => terminal.err(`${state.line()}\n`), LINE_MS);
    return {
      result: (result) => state.add(result),
      end: () => {
        clearInterval(timer);
        return Promise.resolve();
      },
    };
  }
  const { liveLine } = await import("./live-line.ts");
  const live = liveLine(() => state.line(), REDRAW_MS);
  return { result: (result) => state.add(result), end: () => live.end(state.failed === 0) };
}

/** The line, and what it is made of. */
export class HuntState {
  readonly #pace: HuntPace;
  readonly #startMs: number;
  readonly #reached = new Set<string>();
  readonly #groups = new Set<string>();
  #runs = 0;
  failed = 0;

  constructor(pace: HuntPace) {
    this.#pace = pace;
    this.#startMs = pace.nowMs();
  }

  add({ verdict, fingerprints, reached }: SeedResult): void {
    this.#runs++;
    if (verdict !== "PASS") this.failed++;
    for (const name of fingerprints) this.#groups.add(name);
    for (const name of reached) this.#reached.add(name);
  }

  line(): string {
    const passedMs = this.#pace.nowMs() - this.#startMs;
    const part = this.#pace.part();
    const goals = GOALS.filter(({ id }) => this.#reached.has(`goal ${id}`)).length;
    const left = part <= 0 ? "" : `, ${(Math.max(0, (passedMs / part - passedMs) / 60_000)).toFixed(1)} min left`;
    const failed = this.failed === 0 ? "none failed" : `${this.failed} failed in ${this.#groups.size} groups`;
    const pace = ((this.#runs * 1000) / Math.max(1, passedMs)).toFixed(1);
    return `${this.#runs} runs, ${pace} runs/s, ${failed}, reached ${this.#reached.size}, goals ${goals}/${GOALS.length}${left}`;
  }
}
