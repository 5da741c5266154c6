import type { CaseResult } from "../hunt/exhaust/run-case.ts";
import type { Terminal } from "./terminal.ts";

/** Elsewhere than on a terminal, a line each. */
const LINE_MS = 30_000;
const REDRAW_MS = 500;

/** How far a search over all points is. */
export interface ExhaustProgress {
  /** Another kind of work begins: so many runs. */
  stage(name: string, runCount: number): void;
  result(result: CaseResult): void;
  /** Settles when the last of it is on the screen. */
  end(): Promise<void>;
}

/** Redrawn in place on a terminal, a line every 30 s elsewhere; always on stderr. */
export async function exhaustProgress(terminal: Terminal, nowMs: () => number): Promise<ExhaustProgress> {
  const state = new ExhaustState(nowMs);
  const told = {
    stage: (name: string, runCount: number): void => state.stage(name, runCount),
    result: (result: CaseResult): void => state.add(result),
  };
  if (!terminal.interactive) {
    const timer = setInterval(() => terminal.err(`${state.line()}\n`), LINE_MS);
    return {
      ...told,
      end: () => {
        clearInterval(timer);
        return Promise.resolve();
      },
    };
  }
  const { liveLine } = await import("./live-line.ts");
  const live = liveLine(() => state.line(), REDRAW_MS);
  return { ...told, end: () => live.end(state.failed === 0) };
}

/** The line, and what it is made of. */
export class ExhaustState {
  readonly #nowMs: () => number;
  readonly #groups = new Set<string>();
  #name = "the run without a blow";
  #runCount = 1;
  #done = 0;
  #startMs: number;
  failed = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  stage(name: string, runCount: number): void {
    this.#name = name;
    this.#runCount = runCount;
    this.#done = 0;
    this.#startMs = this.#nowMs();
  }

  add({ verdict, fingerprints }: CaseResult): void {
    this.#done++;
    if (verdict !== "PASS") this.failed++;
    for (const name of fingerprints) this.#groups.add(name);
  }

  line(): string {
    const passedMs = this.#nowMs() - this.#startMs;
    const pace = (this.#done * 1000) / Math.max(1, passedMs);
    const leftMs = this.#done === 0 ? undefined : (passedMs / this.#done) * (this.#runCount - this.#done);
    const failed = this.failed === 0 ? "none failed" : `${this.failed} failed in ${this.#groups.size} groups`;
    const left = leftMs === undefined ? "" : `, ${durationText(leftMs)} left`;
    return `${this.#name}: ${this.#done} of ${this.#runCount} runs, ${pace.toFixed(1)} runs/s, ${failed}${left}`;
  }
}

function durationText(durationMs: number): string {
  return durationMs < 60_000 ? `${Math.ceil(durationMs / 1000)} s` : `${(durationMs / 60_000).toFixed(1)} min`;
}
