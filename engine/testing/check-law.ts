import fc from "fast-check";

/** The same cases in every run; a failure prints its path within them. */
const SEED = 20_261_121;

/** Fails with the smallest counterexample found, its seed and its path. */
export function checkLaw<Ts>(law: fc.IProperty<Ts>, numRuns = 200): void {
  fc.assert(law, { seed: SEED, numRuns });
}

/** As {@link checkLaw}, for a law that awaits. */
export async function checkAsyncLaw<Ts>(law: fc.IAsyncProperty<Ts>, numRuns = 100): Promise<void> {
  await fc.assert(law, { seed: SEED, numRuns });
}
