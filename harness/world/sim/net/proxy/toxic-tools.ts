import type { SimRandom } from "../../sim-random.ts";
import type { ToxicEffects } from "./toxic-effects.ts";

/** What a run of a toxic may use besides its stub. */
export interface ToxicTools {
  readonly effects: ToxicEffects;
  /** The stream of this run alone. */
  random(): SimRandom;
  /** Counts bytes that the toxic throws away; less than none if it sends some twice. */
  drop(bytes: number): void;
  /** Counts bytes that nobody took within the 5 s of a flush. */
  giveUp(bytes: number): void;
  /** Toxiproxy itself ends here: `found` is what it says. */
  panic(found: string): void;
}
