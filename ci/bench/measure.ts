/** The same thing measured several times. */
export interface Sample {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly median: number;
}

/** @param values at least one */
export function sampleOf(name: string, unit: string, values: readonly number[]): Sample {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error(`${name}: no measurement`);
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  return { name, unit, values, median };
}

/** Seconds that `body` takes on the host's clock. */
export async function secondsOf(body: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await body();
  return (performance.now() - startMs) / 1000;
}

/** What a figure must reach: against another one of the same run, or by itself. */
export interface Bar {
  readonly text: string;
  readonly ratio: number;
  /** `×`, of two figures; else what it is counted in. */
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly met: boolean;
}

export function barAtLeast(text: string, ratio: number, atLeast: number, unit = "×"): Bar {
  return { text, ratio, unit, atLeast, met: ratio >= atLeast };
}

export function barAtMost(text: string, ratio: number, atMost: number, unit = "×"): Bar {
  return { text, ratio, unit, atMost, met: ratio <= atMost };
}

/** One part of the benchmark: what was measured, how, and against what. */
export interface Section {
  readonly name: string;
  readonly how: string;
  readonly samples: readonly Sample[];
  readonly bars: readonly Bar[];
  /** Why something was left out. */
  readonly notes: readonly string[];
}
