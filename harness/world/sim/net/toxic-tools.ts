import type { SimRandom } from "../sim-random.ts";
import type { ToxicEffects } from "./toxic-effects.ts";

/** What a run of a toxic may use besides its stub. */
export interface ToxicTools {
  readonly effects: ToxicEffects;
  /** The stream of this run alone. */
  random(): SimRandom;
}
