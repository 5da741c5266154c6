import { hashText, RollingHash } from "../history/rolling-hash.ts";
import type { SeedResult } from "./seed-result.ts";

/** What of a result makes the outcome of a campaign. */
export type Outcome = Pick<SeedResult, "seed" | "variant" | "verdict" | "historyHash" | "fingerprints">;

/** The hash over all results of a campaign, added in their order. */
export class OutcomeHash {
  readonly #hash = new RollingHash();

  add({ seed, variant, verdict, historyHash, fingerprints }: Outcome): void {
    this.#hash.word(hashText(JSON.stringify([seed, variant, verdict, historyHash, fingerprints])));
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return this.#hash.digest();
  }
}
